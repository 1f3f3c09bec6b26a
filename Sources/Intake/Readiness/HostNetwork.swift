import Diagnostics
import FleetModel

extension ReadinessRule {
  /// Vector M05: a pod in the node's network has no network of its own that could be captured.
  static let hostNetwork = ReadinessRule(
    code: "M05", title: "The node's network", severity: .high, level: .notSuited,
    fix: "remove hostNetwork, or leave the workload out of the mesh with a documented exception",
    occurrences: { workload, _ in
      guard workload.pod.hostNetwork else { return [] }
      return [
        Occurrence(
          message: "it uses the node's network, where no sidecar can capture its traffic", location: workload.location)
      ]
    })
}
