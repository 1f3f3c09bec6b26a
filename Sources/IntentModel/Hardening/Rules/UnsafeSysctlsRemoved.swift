import FleetModel

/// Keeps only the kernel parameters that are safe in the sense of Kubernetes: namespaced and without effect on others.
/// A value that a helper of the runtime could take for a second parameter goes as well (vector L45).
enum UnsafeSysctlsRemoved: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    var changes: [HardeningChange] = []
    for (name, written) in pod.securityContext.sysctls.sorted(by: { $0.key < $1.key }) {
      let isSafe = SafeSysctls.names.contains(name)
      if isSafe && !written.utf8.contains(UInt8(ascii: "+")) { continue }
      pod.securityContext.sysctls[name] = nil
      changes.append(
        HardeningChange(
          path: "spec.securityContext.sysctls[\(name)]", before: written, after: "unset", closes: ["L45"],
          why: isSafe
            ? "some runtimes take a + in a value for the start of another parameter"
            : "Pod Security allows only the safe kernel parameters"))
    }
    return changes
  }
}

/// The parameters that Pod Security "baseline" and an unconfigured kubelet allow.
package enum SafeSysctls {
  package static let unprivilegedPortStart = "net.ipv4.ip_unprivileged_port_start"

  package static let names: Set<String> = [
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", unprivilegedPortStart, "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
  ]
}
