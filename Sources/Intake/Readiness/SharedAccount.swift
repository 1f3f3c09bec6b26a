import Diagnostics
import FleetModel

extension ReadinessRule {
  /// A mesh's identity is the service account: who shares one is allowed what the other is allowed.
  static let sharedAccount = ReadinessRule(
    code: "BH-SHARED-ACCOUNT", title: "No service account of its own", severity: .medium, level: .readyAfterFix,
    fix: "give it a ServiceAccount of its own and name it in serviceAccountName",
    occurrences: { workload, context in
      let sharers = (context.accounts[ReadinessContext.account(workload)] ?? []).filter { $0 != workload.id }
      if workload.pod.serviceAccount == "default" {
        return [
          Occurrence(
            message: "it uses the service account 'default' and so has no identity of its own",
            location: workload.location)
        ]
      }
      guard let first = sharers.first else { return [] }
      let more = sharers.count > 1 ? " and \(sharers.count - 1) more" : ""
      return [
        Occurrence(
          message: "it shares the service account '\(workload.pod.serviceAccount)' with \(first.name)\(more)",
          location: workload.location)
      ]
    })
}
