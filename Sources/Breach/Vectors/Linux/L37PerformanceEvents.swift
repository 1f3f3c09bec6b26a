import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let performanceEvents = Vector(
    code: "L37", title: "Watching the kernel with performance events", severity: .medium,
    explanation: """
      PERFMON and SYS_ADMIN let a container read counters and samples of all processes and of the kernel. An attacker \
      learns addresses and secrets from them and prepares other flaws.
      """,
    mitigation: """
      Drop PERFMON and SYS_ADMIN; set the seccomp profile RuntimeDefault.
      """,
    attack: ["T1611", "T1082"],
    references: [
      "docs.kernel.org/admin-guide/perf-security.html", "man7.org/linux/man-pages/man7/capabilities.7.html",
    ],
    signature: [.call("perf_event_open"), .open("/proc/kallsyms")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
          securityContext:
            capabilities:
              add: [PERFMON]
      """,
    rule: .linux { pod, context in
      guard pod.hasNodeUsers(context) else { return .closed }
      return pod.assess({ container, _ in
        .when(container.mayGain(.perfmon) || container.mayGain(.sysAdmin))
      }) { member, _ in
        let capability: Capability = member.effective.mayGain(.perfmon) ? .perfmon : .sysAdmin
        return member.evidence(
          "\(member.origin(of: capability)): it watches the kernel and all processes of the node by perf_event_open",
          fix: pod.patch(member, without: [.perfmon, .sysAdmin]))
      }
    }
  )
}
