import FleetModel
import IntentModel

/// The kernel parameters of the pod's own namespaces.
struct PodSysctls {
  private(set) var played: [String: String] = [:]
  private(set) var assumptions: [String] = []

  init(_ request: ContainerRequest) {
    let wanted = request.pod.securityContext.sysctls
    for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
      if Self.belongs(name, to: request) {
        played[name] = value
      } else {
        assumptions.append("pod: sysctl \(name) is not the pod's own, not played")
      }
    }
    let ports = SafeSysctls.unprivilegedPortStart
    if request.traits.unprivilegedPorts, !request.security.sharesNodeNetwork, played[ports] == nil {
      played[ports] = "0"
    }
  }

  /// Only what is kept per namespace, and only where the pod has that namespace for itself: anything else would be the
  /// whole machine's.
  private static func belongs(_ name: String, to request: ContainerRequest) -> Bool {
    if name.hasPrefix("net.") { return !request.security.sharesNodeNetwork }
    let ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."]
    return ipc.contains { name.hasPrefix($0) } && !request.security.sharesNodeIPC
  }
}
