import Diagnostics
package import FleetModel
import Foundation
package import IntentModel
import KubernetesAPI
import Policies
package import Trials

/// What puts a fault in.
package enum FaultMeans: Sendable, Equatable {
  /// The API's deletion of a pod.
  case deletion
  /// Envoys that Bulkhead configures.
  case discovery
  /// Istio's sidecars, told by a VirtualService.
  case virtualService
  case chaosMesh
}

/// What is remembered of a fault, to tell afterwards whether it really happened.
struct FaultNote: Sendable {
  var means: FaultMeans
  var victim: SeenPod?
  /// What the sidecars had counted: requests held up, or connections that nobody answered.
  var countBefore = 0
  var cut: PodCut?
  var durations: [String: CallDuration] = [:]
  var chaos: ObjectName?
}

extension ClusterTarget: FaultInjector {
  /// What this target has for a fault, nil where it has nothing: a partition and a delay need proxies that can be told,
  /// or Chaos Mesh; with that, a delay needs proxies that measure. Pods of a workload that has but one are cut off from
  /// nobody: that calls to it fail then is known without a trial.
  package static func means(
    for fault: Fault, on mesh: Mesh, fleet: Fleet, chaosMesh: Bool
  ) -> FaultMeans? {
    switch fault {
    case .killPod: return chaosMesh ? .chaosMesh : .deletion
    case .delay(_, let target, _):
      if mesh == .envoy { return .discovery }
      if mesh == .istioSidecar, !delayable(target, fleet).isEmpty { return .virtualService }
      return chaosMesh && mesh != .istioAmbient ? .chaosMesh : nil
    case .partition(_, let target):
      guard hasSpare(target, fleet) else { return nil }
      return mesh == .envoy ? .discovery : chaosMesh ? .chaosMesh : nil
    case .limitCPU, .limitMemory: return chaosMesh && stress(fault, fleet) != nil ? .chaosMesh : nil
    case .spike: return nil
    }
  }

  /// The services of a workload whose calls may be led by a VirtualService: nobody else's leads them.
  static func delayable(_ target: ObjectReference, _ fleet: Fleet) -> [Service] {
    guard let workload = fleet.workload(target) else { return [] }
    return TrafficSplit.candidates(of: workload, fleet).filter { service in
      !fleet.customObjects.contains {
        $0.apiGroup == "networking.istio.io" && $0.id.kind == "VirtualService"
          && RouteRivals.governs(
            $0.id.kind, name: $0.id.name, namespace: $0.id.namespace, spec: $0.spec, service.id)
      }
    }
  }

  package func start(_ fault: Fault, limit: Duration) async throws {
    guard faultNotes[fault] == nil else { return }
    switch means(fault) {
    case .deletion?:
      guard case .killPod(let workload) = fault else { return }
      try await kill(fault, workload)
    case .discovery?:
      try await note(fault, limit)
      try await begin(fault) { try await writeDocument() }
    case .virtualService?:
      guard case .delay(let caller, let target, _) = fault else { return }
      faultNotes[fault] = FaultNote(means: .virtualService, durations: try await callDurations(caller, target))
      remember(fault, limit)
      try await begin(fault) { try await writeRoutes(target) }
    case .chaosMesh?: try await startChaos(fault, limit)
    case nil: throw nothing(for: fault)
    }
  }

  package func end(_ fault: Fault) async throws {
    guard let note = faultNotes[fault] else { return }
    if case .delay(let caller, let target, _) = fault {
      delays.removeAll { $0.caller == caller && $0.target == target }
      if note.means == .discovery { try await writeDocument() }
      if note.means == .virtualService { try await writeRoutes(target) }
    }
    if let cut = note.cut {
      cuts.removeAll { $0.caller == cut.caller.uid && $0.target == cut.target.uid }
      try await writeDocument()
    }
    if let chaos = note.chaos { try await removeChaos(chaos) }
    faultNotes[fault] = nil
  }

  package func evidence(of fault: Fault) async throws -> FaultEvidence {
    guard let note = faultNotes[fault] else { return FaultEvidence(verified: false, text: "the fault was not put in") }
    let own: FaultEvidence?
    switch fault {
    case .killPod(let workload): own = try await evidence(ofKilling: note.victim, workload)
    case .delay(_, let target, _) where note.means == .discovery:
      let count = try await delayed(target) - note.countBefore
      own = FaultEvidence(
        verified: count > 0, text: "\(count) requests were held up by the sidecars of \(target.name)")
    case .delay(let caller, let target, let milliseconds):
      own = CallDuration.evidence(
        before: note.durations, after: try await callDurations(caller, target), milliseconds: milliseconds)
    case .partition:
      if let cut = note.cut { own = try await evidence(of: cut, since: note.countBefore) } else { own = nil }
    case .spike, .limitCPU, .limitMemory: own = nil
    }
    guard let chaos = note.chaos else { return own ?? FaultEvidence(verified: false, text: "not put in") }
    let isInjected = try await find(chaos).map { ChaosStatus($0).isInjected } ?? false
    let word = isInjected ? "Chaos Mesh says that it is in all pods" : "Chaos Mesh does not say that it is in all pods"
    guard let own else { return FaultEvidence(verified: isInjected, text: word) }
    return FaultEvidence(verified: own.verified && isInjected, text: "\(own.text); \(word)")
  }

  /// Takes back what this run, or one before it, has left of its faults. Of those that the discovery server has been
  /// told, it is told anew where it is told of anything.
  func endFaults() async throws {
    delays = []
    cuts = []
    faultNotes = [:]
    if enrolment.mesh == .istioSidecar { try await removeRouteDelays() }
    if settings.servesChaosMesh { try await removeAllChaos() }
  }

  // MARK: - Parts

  func means(_ fault: Fault) -> FaultMeans? {
    Self.means(for: fault, on: enrolment.mesh, fleet: fleet, chaosMesh: settings.hasChaosMesh)
  }

  /// Nobody ends a fault that did not begin; what may have been written all the same is taken back, and so is what
  /// would be written with the next fault.
  private func begin(_ fault: Fault, _ write: () async throws -> Void) async throws {
    do {
      try await write()
    } catch {
      // Also where the run is being ended: a new task is not cancelled.
      await Task { try? await self.end(fault) }.value
      throw error
    }
  }

  /// Takes down what the discovery server is to be told, and what the sidecars have counted before.
  private func note(_ fault: Fault, _ limit: Duration) async throws {
    var note = FaultNote(means: .discovery)
    switch fault {
    case .killPod, .spike, .limitCPU, .limitMemory: return
    case .delay(_, let target, _):
      note.countBefore = try await delayed(target)
      remember(fault, limit)
    case .partition(let caller, let target):
      let cut = PodCut(caller: try await victim(caller), target: try await victim(target))
      note.countBefore = try await unanswered(cut)
      note.cut = cut
      cuts.append(.init(caller: cut.caller.uid, target: cut.target.uid, until: Self.end(limit)))
    }
    faultNotes[fault] = note
  }

  func nothing(for fault: Fault) -> BulkheadError {
    BulkheadError(.configuration, "nothing on this cluster can \(fault.title) and show that it did")
  }

  private func remember(_ fault: Fault, _ limit: Duration) {
    guard case .delay(let caller, let target, let milliseconds) = fault else { return }
    delays.append(.init(caller: caller, target: target, milliseconds: milliseconds, until: Self.end(limit)))
  }

  /// Seconds since 1970.
  private static func end(_ limit: Duration) -> Int { Int(Date().timeIntervalSince1970 + limit / .seconds(1)) }

  /// The pod of a workload that a fault is aimed at: one that the wave has made, if there is one.
  func victim(_ workload: ObjectReference) async throws -> SeenPod {
    let pods = try await view().seen(document()).filter { $0.workload == workload && $0.isReady }
    let fresh = pods.first { $0.revision != nil && $0.revision == revisions[workload] && !$0.isCanary }
    guard let victim = fresh ?? pods.first else {
      throw BulkheadError(.unexpected, "\(workload) has no ready pod to break anything in")
    }
    return victim
  }

  /// As a node that dies kills it: at once, all of its containers. Of a StatefulSet's pod the kubelet must have said
  /// that it is gone, or a second one of the same name would begin beside it.
  private func kill(_ fault: Fault, _ workload: ObjectReference) async throws {
    let victim = try await victim(workload)
    faultNotes[fault] = FaultNote(means: .deletion, victim: victim)
    _ = try lease.requireEpoch()
    _ = try await client.delete(
      ObjectName(.pods, namespace: workload.namespace, name: victim.name), precondition: Precondition(uid: victim.uid),
      graceSeconds: ChaosObjects.grace(workload))
  }

  private func evidence(ofKilling victim: SeenPod?, _ workload: ObjectReference) async throws -> FaultEvidence {
    guard let victim else { return FaultEvidence(verified: false, text: "no pod was killed") }
    let live = try await find(ObjectName(.pods, namespace: workload.namespace, name: victim.name))
    let isGone = live?[path: "metadata", "uid"]?.string != victim.uid
    if let live, !isGone, live[path: "metadata", "deletionTimestamp"] != nil, !ClusterView.isReady(live) {
      return FaultEvidence(verified: true, text: "\(victim.name) serves no more, and is about to go")
    }
    return FaultEvidence(verified: isGone, text: isGone ? "\(victim.name) is gone" : "\(victim.name) is still there")
  }

  /// Requests that the sidecars of a workload have held up so far.
  private func delayed(_ workload: ObjectReference) async throws -> Int {
    let own = Set(try await view().seen(document()).filter { $0.workload == workload }.map(\.uid))
    return try await status().filter { own.contains($0.uid) }.reduce(0) { sum, status in
      status.counters.reduce(sum) { $1.key.hasSuffix(".fault.delays_injected") ? $0 + $1.value : $0 }
    }
  }
}
