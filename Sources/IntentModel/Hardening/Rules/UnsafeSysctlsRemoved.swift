import FleetModel

/// Keeps only the kernel parameters that are safe in the sense of Kubernetes: namespaced and without effect on others.
enum UnsafeSysctlsRemoved: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    var changes: [HardeningChange] = []
    for name in pod.securityContext.sysctls.keys.sorted() where !SafeSysctls.names.contains(name) {
      let value = pod.securityContext.sysctls.removeValue(forKey: name)
      changes.append(
        HardeningChange(
          path: "spec.securityContext.sysctls[\(name)]", before: text(value), after: "unset", closes: ["L45"],
          why: "Pod Security allows only the safe kernel parameters"))
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
