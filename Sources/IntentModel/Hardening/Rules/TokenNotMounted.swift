import FleetModel

/// Leaves the service account's token out of the pod.
enum TokenNotMounted: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    guard pod.automountServiceAccountToken != false else { return [] }
    let before = pod.automountServiceAccountToken
    pod.automountServiceAccountToken = false
    return [
      HardeningChange(
        path: "spec.automountServiceAccountToken", before: text(before), after: "false", closes: ["K08"],
        why: "a stolen token speaks to the API server in the workload's name; mount one only where the API is used")
    ]
  }
}
