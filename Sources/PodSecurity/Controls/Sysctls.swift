import FleetModel

extension PodSecurityControl {
  static let sysctls = PodSecurityControl(
    "sysctls", title: "Sysctls", level: .baseline,
    rationale: "Sysctls outside the safe set weaken the kernel's defences or touch other pods of the node.",
    concerns: .sysctls,
    revisions: [
      Revision(since: 0) { pod in offence(in: pod, minor: 0) },
      Revision(since: 27) { pod in offence(in: pod, minor: 27) },
      Revision(since: 29) { pod in offence(in: pod, minor: 29) },
      Revision(since: 32) { pod in offence(in: pod, minor: 32) },
      Revision(since: 37) { pod in offence(in: pod, minor: 37) },
    ],
    message: { "forbidden \(Wording.some("sysctl", $0.values.count)): \(Wording.plain($0.values))" },
    fix: { offence in
      var patch = PodPatch()
      patch.comment("whoever owns the node can set there what all its pods need")
      let kept = offence.details.first ?? []
      patch.setSecurityContext(kept.isEmpty ? ["sysctls: null"] : ["sysctls:"] + kept)
      return patch.text
    })

  /// The minor version from which on a sysctl is allowed.
  private static let allowedSince: [String: Int] = [
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
    "net.ipv4.tcp_slow_start_after_idle": 37,
    "net.ipv4.tcp_notsent_lowat": 37,
  ]

  private static func offence(in pod: JudgedPod, minor: Int) -> Offence? {
    guard !pod.spec.securityContext.sysctls.isEmpty else { return nil }
    var (forbidden, kept): ([String], [String]) = ([], [])
    for (name, value) in pod.spec.securityContext.sysctls {
      if let since = allowedSince[name], since <= minor {
        kept.append("- {name: \(name), value: \(PodPatch.quoted(value))}")
      } else {
        forbidden.append(name)
      }
    }
    return forbidden.isEmpty ? nil : Offence(byPod: true, details: [kept.sorted()], values: forbidden.sorted())
  }
}
