package import IntentModel

/// The seccomp profile that `RuntimeDefault` means, made for one container's bounding set.
///
/// Equal in effect to what containerd 1.6 generates. It is built from the rule table in `SystemCallGroups`.
package struct RuntimeDefault: Sendable {
  /// Which containerd the cluster is taken to have. The twin must not look safer than it, so the older is the default.
  package enum Edition: Sendable { case containerd1, containerd2 }

  /// Capabilities of the bounding set; each may open calls.
  package var bounding: CapabilitySet
  package var edition: Edition

  package init(bounding: CapabilitySet, edition: Edition = .containerd1) {
    self.bounding = bounding
    self.edition = edition
  }

  /// Everything that is not named gets EPERM.
  package var profile: OCISeccomp {
    var allowed = Set(SystemCallGroups.everyday)
    if edition == .containerd1 { allowed.formUnion(SystemCallGroups.ring) }
    for group in SystemCallGroups.opened where bounding.has(group.capability) { allowed.formUnion(group.calls) }
    var rules = [OCISeccomp.Rule(names: allowed.sorted(), action: .allow)]
    rules += personalities
    rules.append(socketRule)
    if !allowed.contains("clone") { rules.append(Self.cloneWithoutNamespaces) }
    if !allowed.contains("clone3") { rules.append(Self.clone3IsAbsent) }
    return OCISeccomp(rules: rules)
  }

  /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET (sched.h).
  static let namespaceFlags: UInt64 = 0x7E02_0000

  private static let cloneWithoutNamespaces = OCISeccomp.Rule(
    names: ["clone"], action: .allow,
    arguments: [OCISeccomp.Argument(index: 0, value: namespaceFlags, masked: 0, comparison: .maskedEqual)])

  /// clone3 takes its flags by pointer, which a filter cannot read. ENOSYS makes libraries fall back to clone.
  private static let clone3IsAbsent = OCISeccomp.Rule(names: ["clone3"], action: .refuse, errno: 38)

  /// Linux, 32-bit and with the UNAME26 flag, and the query (personality.h).
  private var personalities: [OCISeccomp.Rule] {
    [0, 0x8, 0x20000, 0x20008, 0xFFFF_FFFF].map { value in
      OCISeccomp.Rule(
        names: ["personality"], action: .allow,
        arguments: [OCISeccomp.Argument(index: 0, value: value, comparison: .equal)])
    }
  }

  /// Newer runtimes leave out AF_VSOCK (40), which reaches the hypervisor past every network namespace.
  private var socketRule: OCISeccomp.Rule {
    let arguments = [OCISeccomp.Argument(index: 0, value: 40, comparison: .notEqual)]
    return OCISeccomp.Rule(
      names: ["socket"], action: .allow, arguments: edition == .containerd2 ? arguments : nil)
  }
}
