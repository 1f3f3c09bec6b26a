import Diagnostics
import FleetModel
import IntentModel
package import KubernetesAPI
import Policies
import Trials

/// Faults by Chaos Mesh.
extension ClusterTarget {
  /// For how long is waited until it says that a fault is in, and that it is out again.
  private static let injection = Duration.seconds(30)
  private static let recovery = Duration.seconds(90)

  func startChaos(_ fault: Fault, _ limit: Duration) async throws {
    var note = FaultNote(means: .chaosMesh)
    let object = try await chaosObject(fault, limit, &note)
    let name = try MeshKinds.name(of: object)
    // One of an earlier run would be taken for this one.
    try await removeChaos(name)
    note.chaos = name
    faultNotes[fault] = note
    do {
      try await place(object, step: "fault")
      _ = try await waited("\(name), injected,", for: Self.injection) {
        try await find(name).map { ChaosStatus($0).isInjected } == true ? true : nil
      }
    } catch {
      // Nobody ends a fault that did not begin.
      try? await removeChaos(name)
      faultNotes[fault] = nil
      throw error
    }
  }

  private func chaosObject(_ fault: Fault, _ limit: Duration, _ note: inout FaultNote) async throws -> ManifestObject {
    switch fault {
    case .killPod(let workload):
      let victim = try await victim(workload)
      note.victim = victim
      return ChaosObjects.kill(workload, pod: victim.name)
    case .delay(let caller, let target, let milliseconds):
      guard let from = fleet.workload(caller), let to = fleet.workload(target) else {
        throw BulkheadError(.badInput, "\(caller) or \(target) is not in the cluster", cure: "plan anew")
      }
      note.durations = try await callDurations(caller, target)
      return ChaosObjects.delay(caller: from, target: to, milliseconds: milliseconds, limit: limit)
    case .partition(let caller, let target):
      return ChaosObjects.partition(caller: try await victim(caller), target: try await victim(target), limit: limit)
    case .limitCPU(let workload, _), .limitMemory(let workload):
      guard let (container, stress) = Self.stress(fault, fleet) else { throw nothing(for: fault) }
      return ChaosObjects.stress(try await victim(workload), container: container, stress, limit: limit)
    case .spike: throw nothing(for: fault)
    }
  }

  /// What runs a container of a workload into its limit, nil where it has none: without one, what burns would take it
  /// from everybody on the node. Threads share a limit evenly, so that the container's own get one part of all.
  static func stress(_ fault: Fault, _ fleet: Fleet) -> (container: String, stress: ChaosObjects.Stress)? {
    switch fault {
    case .limitCPU(let workload, let percent):
      let containers = fleet.workload(workload)?.pod.containers ?? []
      guard let limited = containers.first(where: { $0.resources.cpuLimitMilli != nil }) else { return nil }
      return (limited.name, .cpu(workers: max(1, 100 / max(1, percent) - 1)))
    case .limitMemory(let workload):
      let containers = fleet.workload(workload)?.pod.containers ?? []
      for container in containers {
        if let limit = container.resources.memoryLimitBytes { return (container.name, .memory(bytes: limit)) }
      }
      return nil
    case .killPod, .spike, .delay, .partition: return nil
    }
  }

  /// Its finalizer goes when Chaos Mesh has put back what it did: an object that is gone is a fault that is over.
  func removeChaos(_ name: ObjectName) async throws {
    guard let live = try await find(name), isOurs(live) else { return }
    try await remove(name)
    var isRecovered = false
    do {
      _ = try await waited("the recovery of \(name)", for: Self.recovery) { () -> Bool? in
        guard let live = try await find(name) else { return true }
        isRecovered = ChaosStatus(live).isRecovered
        return nil
      }
    } catch let error as BulkheadError where error.exit == .targetUnreachable {
      let word = isRecovered ? "Chaos Mesh says that all pods recovered" : "it may still last"
      throw BulkheadError(
        .targetUnreachable, "\(name) does not go: \(word)", cure: "see the logs of chaos-controller-manager")
    }
  }

  /// Those of a run that is no more as well.
  func removeAllChaos() async throws {
    for kind in ChaosObjects.kinds {
      let resource = APIResource(
        group: "chaos-mesh.org", version: "v1alpha1", kind: kind, plural: kind.lowercased(), isNamespaced: true)
      for namespace in namespaces {
        for live in try await chaos(resource, namespace) where isOurs(live) {
          guard let name = live[path: "metadata", "name"]?.string else { continue }
          try await removeChaos(ObjectName(resource, namespace: namespace, name: name))
        }
      }
    }
  }

  /// Who may not list them has made none.
  private func chaos(_ resource: APIResource, _ namespace: String) async throws -> [DocumentValue] {
    do {
      return try await client.list(resource, namespace: namespace).items
    } catch let failure as APIFailure where failure.kind == .forbidden {
      return []
    }
  }

  /// Whether Chaos Mesh is there, and takes what this account asks of it in each of the namespaces: asked for nothing
  /// but an answer.
  package static func chaosMesh(
    _ client: KubernetesClient, namespaces: [String]
  ) async throws -> ChaosMeshStanding {
    do {
      let answer = try await client.read("/apis/\(ChaosObjects.apiVersion)")
      let served = (answer["resources"]?.elements ?? []).compactMap { $0["kind"]?.string }
      guard Set(ChaosObjects.kinds).isSubset(of: served) else { return .absent }
    } catch let failure as APIFailure where failure.kind == .notFound {
      return .absent
    }
    for namespace in namespaces {
      let nobody = ObjectReference(kind: "Deployment", namespace: namespace, name: "nobody")
      let pod = SeenPod(
        name: nobody.name, uid: "", workload: nobody, address: "", isReady: false, isLeaving: false,
        posture: .untouched, revision: nil, isCanary: false, hasProxy: false)
      let asked = [
        ChaosObjects.kill(nobody, pod: pod.name), ChaosObjects.partition(caller: pod, target: pod, limit: .seconds(1)),
        ChaosObjects.stress(pod, container: "nobody", .cpu(workers: 1), limit: .seconds(1)),
      ]
      for object in asked {
        do {
          _ = try await client.apply(object.document, to: try MeshKinds.name(of: object), dryRun: true)
        } catch let failure as APIFailure where ![.unreachable, .unauthenticated].contains(failure.kind) {
          return .refused
        }
      }
    }
    return .usable
  }
}

/// Whether Chaos Mesh can break something for a run.
package enum ChaosMeshStanding: Sendable, Equatable { case absent, refused, usable }
