import Diagnostics
import FleetModel
import Foundation
package import IntentModel
import KubernetesAPI
package import Trials

/// What is remembered of a fault, to tell afterwards whether it really happened.
struct FaultNote: Sendable {
  var victim: SeenPod?
  var delayedBefore = 0
}

extension ClusterTarget: FaultInjector {
  /// Which faults this target has. A partition needs a network that enforces policies, and a way to see that it did;
  /// a delay needs sidecars that are configured here.
  package static func supports(_ fault: Fault, on mesh: Mesh = .envoy) -> Bool {
    switch fault {
    case .killPod: true
    case .delay: mesh == .envoy
    case .partition: false
    }
  }

  package func start(_ fault: Fault, limit: Duration) async throws {
    guard faultNotes[fault] == nil else { return }
    switch fault {
    case .killPod(let workload): try await kill(fault, workload)
    case .delay(let caller, let target, let milliseconds):
      faultNotes[fault] = FaultNote(delayedBefore: try await delayed(target))
      let until = Int(Date().timeIntervalSince1970 + limit / .seconds(1))
      delays.append(.init(caller: caller, target: target, milliseconds: milliseconds, until: until))
      try await writeDocument()
    case .partition:
      throw BulkheadError(.configuration, "a partition cannot be seen to happen on this cluster")
    }
  }

  package func end(_ fault: Fault) async throws {
    guard faultNotes.removeValue(forKey: fault) != nil else { return }
    guard case .delay(let caller, let target, _) = fault else { return }
    delays.removeAll { $0.caller == caller && $0.target == target }
    try await writeDocument()
  }

  package func evidence(of fault: Fault) async throws -> FaultEvidence {
    guard let note = faultNotes[fault] else { return FaultEvidence(verified: false, text: "the fault was not put in") }
    switch fault {
    case .killPod(let workload):
      guard let victim = note.victim else { return FaultEvidence(verified: false, text: "no pod was killed") }
      let live = try await find(ObjectName(.pods, namespace: workload.namespace, name: victim.name))
      let isGone = live?[path: "metadata", "uid"]?.string != victim.uid
      return FaultEvidence(
        verified: isGone, text: isGone ? "\(victim.name) is gone" : "\(victim.name) is still there")
    case .delay(_, let target, _):
      let count = try await delayed(target) - note.delayedBefore
      return FaultEvidence(
        verified: count > 0, text: "\(count) requests were held up by the sidecars of \(target.name)")
    case .partition: return FaultEvidence(verified: false, text: "not put in")
    }
  }

  /// As a node that dies kills it: at once, all of its containers.
  private func kill(_ fault: Fault, _ workload: ObjectReference) async throws {
    let pods = try await view().seen(document()).filter { $0.workload == workload && $0.isReady }
    let fresh = pods.first { $0.revision != nil && $0.revision == revisions[workload] && !$0.isCanary }
    guard let victim = fresh ?? pods.first else {
      throw BulkheadError(.unexpected, "\(workload) has no ready pod to kill")
    }
    faultNotes[fault] = FaultNote(victim: victim)
    _ = try lease.requireEpoch()
    _ = try await client.delete(
      ObjectName(.pods, namespace: workload.namespace, name: victim.name), precondition: Precondition(uid: victim.uid),
      graceSeconds: 0)
  }

  /// Requests that the sidecars of a workload have held up so far.
  private func delayed(_ workload: ObjectReference) async throws -> Int {
    let own = Set(try await view().seen(document()).filter { $0.workload == workload }.map(\.uid))
    return try await status().filter { own.contains($0.uid) }.reduce(0) { sum, status in
      status.counters.reduce(sum) { $1.key.hasSuffix(".fault.delays_injected") ? $0 + $1.value : $0 }
    }
  }
}
