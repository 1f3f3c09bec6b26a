import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let keyrings = Vector(
    code: "L36", title: "Stealing keys from keyrings of the node", severity: .medium,
    explanation: """
      The kernel keeps keyrings per user and not per container. Root of a container without a seccomp profile reads \
      the keys of root of the node and of every other container that runs as root.
      """,
    mitigation: """
      Set the seccomp profile RuntimeDefault; run as a user of the workload's own, or with hostUsers: false.
      """,
    attack: ["T1611", "T1552"],
    references: ["man7.org/linux/man-pages/man7/keyrings.7.html"],
    signature: [.call("keyctl"), .call("add_key"), .call("request_key")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
      """,
    rule: .linux { pod, context in
      guard pod.hasNodeUsers(context) else { return .closed }
      return pod.assess({ container, _ in container.mayBeRoot ? .syscall(container) : .no }) { member, _ in
        member.evidence(
          "\(member.seccompText); \(member.rootText), so that it shares the keyrings of the node's root",
          fix: pod.patchSeccomp(member))
      }
    }
  )
}
