import FleetModel
import IntentModel
import TestSupport
import Testing

@Suite struct HardeningPropertyTests {
  @Test func applyingTwiceIsApplyingOnce() {
    var generator = PodGenerator(random: SplitMix64(7))
    for _ in 0..<3000 {
      let pod = generator.pod()
      let once = Hardening.apply(to: pod)
      let twice = Hardening.apply(to: once.pod)
      #expect(twice.pod == once.pod)
      #expect(twice.changes.isEmpty, "\(pod)\n\(twice.changes)")
      #expect(once.changes.isEmpty == (once.pod == pod))
    }
  }

  @Test func everyResultIsRestrictedAndStarts() throws {
    var generator = PodGenerator(random: SplitMix64(11))
    for _ in 0..<3000 {
      let pod = generator.pod()
      let hardened = Hardening.apply(to: pod).pod
      #expect(violations(of: hardened) == [], "\(pod)")
      for container in hardened.allContainers {
        let effective = try EffectiveContainer(container, in: hardened)
        #expect(effective.uid != 0 && effective.uid != 1337 && effective.gid != 1337)
        #expect(effective.running.isEmpty && effective.noNewPrivileges && effective.readOnlyRoot)
        #expect(!effective.groups.contains(1337))
      }
    }
  }

  /// The controls of Pod Security "restricted", read off its definition rather than off the rules.
  private func violations(of pod: PodSpec) -> [String] {
    var found: [String] = []
    if pod.hostNetwork || pod.hostPID || pod.hostIPC { found.append("host namespaces") }
    for volume in pod.volumes { if case .hostPath = volume.source { found.append("hostPath") } }
    if pod.securityContext.runAsUser == 0 || pod.securityContext.runAsNonRoot == false { found.append("pod root") }
    if pod.securityContext.seccomp == .unconfined { found.append("pod seccomp") }
    if pod.securityContext.sysctls.keys.contains(where: { ["kernel.msgmax", "net.core.somaxconn"].contains($0) }) {
      found.append("sysctls")
    }
    for container in pod.initContainers + pod.containers {
      let context = container.securityContext
      if context.privileged == true { found.append("privileged") }
      if context.allowPrivilegeEscalation != false { found.append("escalation") }
      if !context.droppedCapabilities.contains("ALL") { found.append("drop ALL") }
      if context.addedCapabilities.contains(where: { $0 != "NET_BIND_SERVICE" }) { found.append("added capability") }
      if (context.seccomp ?? pod.securityContext.seccomp) == nil || context.seccomp == .unconfined {
        found.append("seccomp")
      }
      if (context.runAsNonRoot ?? pod.securityContext.runAsNonRoot) != true { found.append("runAsNonRoot") }
      if context.runAsUser == 0 { found.append("runAsUser") }
      if context.procMount == "Unmasked" { found.append("procMount") }
      if container.ports.contains(where: { $0.hostPort != nil }) { found.append("hostPort") }
    }
    return found
  }
}
