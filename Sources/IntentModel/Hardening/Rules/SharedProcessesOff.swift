import FleetModel

/// Gives each container of the pod a process namespace of its own.
enum SharedProcessesOff: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    guard pod.shareProcessNamespace else { return [] }
    pod.shareProcessNamespace = false
    return [
      HardeningChange(
        path: "spec.shareProcessNamespace", before: "true", after: "false", closes: ["L25", "M18"],
        why: "containers of one pod could read each other's environment, files and keys, the sidecar's included")
    ]
  }
}
