import Diagnostics
import FleetModel

extension ReadinessRule {
  /// Trap T6: captured traffic of the sidecar itself is told by user and group 1337.
  static let reservedUser = ReadinessRule(
    code: "T6", title: "The sidecar's own user", severity: .high, level: .readyAfterFix,
    fix: "run it with another user and group than 1337",
    occurrences: { workload, _ in
      let pod = workload.pod.securityContext
      return (workload.pod.initContainers + workload.pod.containers).compactMap { container in
        let user = container.securityContext.runAsUser ?? pod.runAsUser
        let group = container.securityContext.runAsGroup ?? pod.runAsGroup
        guard user == 1337 || group == 1337 else { return nil }
        return Occurrence(
          message:
            "container \(container.name) runs as \(user == 1337 ? "user" : "group") 1337, whose traffic a sidecar "
            + "lets pass unseen", location: container.location)
      }
    })
}
