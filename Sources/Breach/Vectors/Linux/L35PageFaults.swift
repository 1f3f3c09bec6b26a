import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let pageFaults = Vector(
    code: "L35", title: "Holding the kernel still with userfaultfd", severity: .low,
    explanation: """
      userfaultfd lets a process decide how long the kernel waits for one of its pages. Attackers use it to win races \
      in the kernel that are otherwise too narrow.
      """,
    mitigation: """
      Set the seccomp profile RuntimeDefault; keep vm.unprivileged_userfaultfd at 0.
      """,
    attack: ["T1068"],
    references: ["docs.kernel.org/admin-guide/mm/userfaultfd.html", "github.com/falcosecurity/rules"],
    signature: [.call("userfaultfd")],
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
              add: [SYS_PTRACE]
      """,
    rule: .linux { pod, context in
      pod.assess(node: pod.userfaultfd(context)) { container, _ in
        .syscall(container)
      } evidence: { member, seen in
        member.evidence("\(member.seccompText); \(seen)", fix: pod.patchSeccomp(member))
      }
    }
  )
}
