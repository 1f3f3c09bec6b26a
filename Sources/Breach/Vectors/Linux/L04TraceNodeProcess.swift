import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let traceNodeProcess = Vector(
    code: "L04", title: "Tracing a process of the node", severity: .critical,
    explanation: """
      With hostPID and SYS_PTRACE an attacker attaches to a process of the node. He writes code into its memory or \
      takes its open files.
      """,
    mitigation: """
      Set hostPID: false and drop SYS_PTRACE. AppArmor's and SELinux's default profiles refuse it as well.
      """,
    attack: ["T1611", "T1055.008"],
    references: [
      "kubehound.io/reference/attacks/CE_SYS_PTRACE", "man7.org/linux/man-pages/man2/ptrace.2.html",
      "github.com/falcosecurity/rules",
    ],
    signature: [
      .call("ptrace", arguments: "PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_POKE*"), .call("process_vm_writev"),
      .call("process_vm_readv"), .call("pidfd_getfd"),
    ],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        hostPID: true
        containers:
        - name: app
          image: example.com/app:1
          securityContext:
            appArmorProfile:
              type: Unconfined
            capabilities:
              add: [SYS_PTRACE]
      """,
    rule: .linux { pod, context in
      guard pod.workload.pod.hostPID, pod.hasNodeUsers(context) else { return .closed }
      return pod.assess(node: pod.unconfined(context) { $0.mayGain(.sysPtrace) }) { container, _ in
        .when(container.mayGain(.sysPtrace))
      } evidence: { member, _ in
        member.evidence(
          "\(member.origin(of: .sysPtrace)); hostPID is true, so that it traces processes of the node",
          fix: pod.patch("hostPID: false"))
      }
    }
  )
}
