import FleetModel

/// Takes the pod out of the node's process namespace.
enum HostPIDOff: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    guard pod.hostPID else { return [] }
    pod.hostPID = false
    return [
      HardeningChange(
        path: "spec.hostPID", before: "true", after: "false", closes: ["L02", "L03", "L04"],
        why: "a pod that sees the node's processes can read their files, memory and namespaces")
    ]
  }
}
