package import FleetModel
import IntentModel
import KubernetesAPI
import Trials

/// Two pods that a cut keeps apart: what the one sends to the other goes nowhere.
struct PodCut: Sendable {
  var caller: SeenPod
  var target: SeenPod
}

/// Partitions by the caller's sidecar (docs/decisions/0018-a-cut-is-an-address-where-nobody-is.md).
extension ClusterTarget {
  /// Whether a workload has a pod that takes over from another one.
  package static func hasSpare(_ id: ObjectReference, _ fleet: Fleet) -> Bool {
    (fleet.workload(id)?.replicas ?? 1) > 1
  }

  func evidence(of cut: PodCut, since before: Int) async throws -> FaultEvidence {
    let count = try await unanswered(cut) - before
    return FaultEvidence(
      verified: count > 0, text: "\(count) connections of \(cut.caller.name) to \(cut.target.name) had no answer")
  }

  /// Connections of one pod to the services of the other's workload that nobody has answered so far. Counted for the
  /// service as a whole: before a cut there are none where all is well.
  func unanswered(_ cut: PodCut) async throws -> Int {
    guard let workload = fleet.workload(cut.target.workload) else { return 0 }
    let prefixes = fleet.services(of: workload).map { "cluster.out|\($0.id.namespace)/\($0.id.name)|" }
    let counters = try await status().filter { $0.uid == cut.caller.uid }.flatMap(\.counters)
    return counters.reduce(0) { sum, counter in
      let isMeant = prefixes.contains { counter.key.hasPrefix($0) }
      return isMeant && counter.key.hasSuffix(".\(SidecarCounter.unansweredConnections)") ? sum + counter.value : sum
    }
  }
}
