import Diagnostics
import FleetModel
import KubernetesAPI
import Planning
import Rollout

/// Names the cluster of a run otherwise than the run was told when it began; nil leaves it.
package struct ClusterPlace: Sendable {
  package var kubeconfig: String?
  package var context: String?

  package init(kubeconfig: String? = nil, context: String? = nil) {
    (self.kubeconfig, self.context) = (kubeconfig, context)
  }

  func override(_ access: inout ClusterAccess) {
    if let kubeconfig { access.kubeconfig = kubeconfig }
    if let context { access.context = context }
  }
}

extension RunHistory {
  /// What a run must say that lost the cluster, and with it the lease, while it was putting a wave back: nothing of the
  /// wave is known to be back.
  func unfinishedUndo(_ plan: Plan, after failure: APIFailure) -> BulkheadError? {
    guard let index = undoUnderway, plan.waves.indices.contains(index) else { return nil }
    let wave = plan.waves[index]
    let names = wave.workloads.map(\.description).joined(separator: ", ")
    return BulkheadError(
      .rollbackIncomplete, "the cluster was lost while \(wave.name) was put back; not known to be back: \(names)",
      cure: "once it answers: bulkhead rollout undo; or resume, which puts the wave back and begins it again",
      cause: failure.error)
  }
}
