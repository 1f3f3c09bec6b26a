import Diagnostics
import FleetModel

extension ReadinessRule {
  static let singleReplica = ReadinessRule(
    code: "BH-SINGLE-REPLICA", title: "A single replica", severity: .low, level: .ready,
    fix: "set replicas to 2 or more",
    occurrences: { workload, _ in
      guard workload.id.kind != "DaemonSet", workload.replicas < 2 else { return [] }
      let count = workload.replicas == 0 ? "no replica" : "one replica"
      return [
        Occurrence(
          message: "it runs \(count): taking it into the mesh restarts its only pod", location: workload.location)
      ]
    })
}
