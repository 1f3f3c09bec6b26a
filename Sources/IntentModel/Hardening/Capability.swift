/// A Linux capability; the raw value is its number in the kernel (capabilities(7)).
package enum Capability: UInt8, Sendable, Hashable, CaseIterable {
  case chown, dacOverride, dacReadSearch, fowner, fsetid, kill, setgid, setuid, setpcap, linuxImmutable
  case netBindService, netBroadcast, netAdmin, netRaw, ipcLock, ipcOwner, sysModule, sysRawio, sysChroot, sysPtrace
  case sysPacct, sysAdmin, sysBoot, sysNice, sysResource, sysTime, sysTtyConfig, mknod, lease, auditWrite
  case auditControl, setfcap, macOverride, macAdmin, syslog, wakeAlarm, blockSuspend, auditRead, perfmon, bpf
  case checkpointRestore

  /// The name Kubernetes uses: upper case, without `CAP_`.
  package var name: String { Self.names[Int(rawValue)] }

  /// Reads a name with or without `CAP_`, in either case; nil where the kernel has no such capability.
  package init?(name: String) {
    var wanted = name.uppercased()
    if wanted.hasPrefix("CAP_") { wanted.removeFirst(4) }
    guard let number = Self.names.firstIndex(of: wanted) else { return nil }
    self.init(rawValue: UInt8(number))
  }

  private static let names = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
  ]
}

/// A set of capabilities as the kernel keeps it: one bit each.
package struct CapabilitySet: OptionSet, Sendable, Hashable {
  package var rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package init(_ capabilities: some Sequence<Capability>) {
    self.init(rawValue: capabilities.reduce(0) { $0 | 1 << UInt64($1.rawValue) })
  }

  package static let all = CapabilitySet(Capability.allCases)

  /// What containerd and Docker give a container that asks for nothing (mask a80425fb).
  package static let containerDefault = CapabilitySet([
    .chown, .dacOverride, .fsetid, .fowner, .mknod, .netRaw, .setgid, .setuid, .setfcap, .setpcap, .netBindService,
    .sysChroot, .kill, .auditWrite,
  ])

  package func has(_ capability: Capability) -> Bool { rawValue & 1 << UInt64(capability.rawValue) != 0 }

  /// In the kernel's order.
  package var members: [Capability] { Capability.allCases.filter(has) }
}
