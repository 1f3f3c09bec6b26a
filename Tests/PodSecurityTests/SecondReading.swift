import FleetModel

/// The rules once more, written as plainly as possible and without any of the engine's shortcuts.
struct SecondReading {
  var pod: PodSpec
  var annotations: [String: String]
  var minor: Int

  static let sysctls = [
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat",
  ]

  private var contexts: [SecurityContext] { pod.allContainers.map(\.securityContext) }
  private var ownUsers: Bool { minor >= 35 && pod.hostUsers == false }
  private var windows: Bool { minor >= 25 && pod.operatingSystem == "windows" }

  var violated: Set<String> {
    var violated: Set<String> = []
    for (id, isViolated) in baseline + restricted where isViolated { violated.insert(id) }
    return violated
  }

  private var baseline: [(String, Bool)] {
    let safe = minor >= 37 ? 14 : minor >= 32 ? 12 : minor >= 29 ? 10 : minor >= 27 ? 6 : 5
    let types =
      ["", "container_t", "container_init_t", "container_kvm_t"] + (minor >= 31 ? ["container_engine_t"] : [])
    let labels = ([pod.securityContext.seLinux] + contexts.map(\.seLinux)).compactMap(\.self)
    let unmasked = contexts.contains { ($0.procMount ?? "Default") != "Default" }
    let ports = pod.allContainers.flatMap(\.ports)
    return [
      ("hostNamespaces", pod.hostNetwork || pod.hostPID || pod.hostIPC),
      ("privileged", contexts.contains { $0.privileged ?? false }),
      ("capabilities_baseline", contexts.flatMap(\.addedCapabilitiesAsWritten).contains { !Self.usual.contains($0) }),
      ("hostPathVolumes", pod.volumes.contains { $0.sourceKeys.contains("hostPath") }),
      ("hostPorts", ports.contains { ($0.hostPort ?? 0) != 0 }),
      (
        "appArmorProfile",
        ([pod.securityContext.appArmor] + contexts.map(\.appArmor)).contains(.unconfined) || badAppArmor
      ),
      (
        "seLinuxOptions",
        labels.contains { !types.contains($0.type ?? "") || ($0.user ?? "") != "" || ($0.role ?? "") != "" }
      ),
      ("procMount", unmasked && !ownUsers),
      ("procMount_restricted", unmasked && minor >= 35),
      ("seccompProfile_baseline", minor < 19 ? badSeccomp : seccomps.contains(.unconfined)),
      ("sysctls", pod.securityContext.sysctls.keys.contains { !Self.sysctls.prefix(safe).contains($0) }),
      (
        "windowsHostProcess",
        pod.securityContext.windowsHostProcess == true || contexts.contains { $0.windowsHostProcess == true }
      ),
      (
        "hostProbesAndHostLifecycle", minor >= 34 && pod.allContainers.flatMap(\.handlers).contains(where: Self.hasHost)
      ),
    ]
  }

  private var restricted: [(String, Bool)] {
    let allowed = [
      "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
      "secret",
    ]
    let own = pod.securityContext
    return [
      (
        "allowPrivilegeEscalation",
        minor >= 8 && !windows && contexts.contains { $0.allowPrivilegeEscalation ?? true }
      ),
      (
        "capabilities_restricted",
        minor >= 22 && !windows
          && contexts.contains {
            !$0.droppedCapabilitiesAsWritten.contains("ALL")
              || $0.addedCapabilitiesAsWritten.contains { $0 != "NET_BIND_SERVICE" }
          }
      ),
      ("restrictedVolumes", pod.volumes.contains { !$0.sourceKeys.contains(where: allowed.contains) }),
      (
        "runAsNonRoot",
        !ownUsers
          && (own.runAsNonRoot == false || contexts.contains { !($0.runAsNonRoot ?? own.runAsNonRoot ?? false) })
      ),
      ("runAsUser", minor >= 23 && !ownUsers && ([own.runAsUser] + contexts.map(\.runAsUser)).contains(0)),
      (
        "seccompProfile_restricted",
        minor >= 19 && !windows
          && (seccomps.contains(.unconfined) || contexts.contains { $0.seccomp == nil && own.seccomp == nil })
      ),
    ]
  }

  private static let usual = [
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
  ]

  private var seccomps: [SeccompProfile?] { [pod.securityContext.seccomp] + contexts.map(\.seccomp) }

  private var badAppArmor: Bool {
    annotations.contains { key, value in
      key.hasPrefix("container.apparmor.security.beta.kubernetes.io/")
        && !(value == "" || value == "runtime/default" || value.hasPrefix("localhost/"))
    }
  }

  private var badSeccomp: Bool {
    let keys =
      ["seccomp.security.alpha.kubernetes.io/pod"]
      + pod.allContainers.map { "container.seccomp.security.alpha.kubernetes.io/" + $0.name }
    return keys.compactMap { annotations[$0] }.contains {
      !["runtime/default", "docker/default"].contains($0) && !$0.hasPrefix("localhost/")
    }
  }

  private static func hasHost(_ probe: Probe) -> Bool {
    switch probe.action {
    case .http(let host, _, _, _), .tcp(let host, _): host ?? "" != ""
    default: false
    }
  }
}
