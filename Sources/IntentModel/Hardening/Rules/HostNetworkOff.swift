import FleetModel

/// Takes the pod off the node's network namespace.
enum HostNetworkOff: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    guard pod.hostNetwork else { return [] }
    pod.hostNetwork = false
    return [
      HardeningChange(
        path: "spec.hostNetwork", before: "true", after: "false", closes: ["L22", "L23", "L56", "M05"],
        why: "on the node's network a pod reaches loopback services, sees other pods' traffic and escapes the mesh")
    ]
  }
}
