import Diagnostics
import FleetModel

extension ReadinessRule {
  static let noProbes = ReadinessRule(
    code: "BH-NO-PROBES", title: "No readiness probe", severity: .low, level: .ready,
    fix: "add a readinessProbe",
    occurrences: { workload, context in
      // Who serves nobody gets no traffic that could come too early.
      guard context.services[workload.id] != nil else { return [] }
      guard !workload.pod.containers.contains(where: \.hasReadinessProbe) else { return [] }
      return [
        Occurrence(
          message: "no container has a readiness probe: after the restart it gets traffic before it can answer",
          location: workload.location)
      ]
    })
}
