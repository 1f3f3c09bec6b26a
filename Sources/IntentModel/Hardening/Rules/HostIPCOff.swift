import FleetModel

/// Takes the pod out of the node's IPC namespace.
enum HostIPCOff: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    guard pod.hostIPC else { return [] }
    pod.hostIPC = false
    return [
      HardeningChange(
        path: "spec.hostIPC", before: "true", after: "false", closes: ["L24"],
        why: "shared memory of the node's processes can be read and changed")
    ]
  }
}
