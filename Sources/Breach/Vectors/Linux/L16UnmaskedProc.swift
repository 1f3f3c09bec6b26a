import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let unmaskedProc = Vector(
    code: "L16", title: "Reading what the runtime hides below /proc", severity: .medium,
    explanation: """
      With procMount: Unmasked, or privileged, files such as /proc/keys, /proc/kcore and /proc/timer_list are visible \
      and the kernel's settings are not read-only. An attacker learns about the node and prepares other ways out.
      """,
    mitigation: """
      Keep procMount: Default. Where nested containers need Unmasked, set hostUsers: false as well.
      """,
    attack: ["T1611", "T1082"],
    references: [
      "kubernetes.io/docs/concepts/security/pod-security-standards",
      "kubernetes.io/docs/concepts/workloads/pods/user-namespaces",
    ],
    signature: [.open("/proc/kcore"), .open("/proc/keys"), .open("/proc/timer_list"), .open("/proc/sched_debug")],
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
            procMount: Unmasked
      """,
    rule: .linux { pod, context in
      guard pod.hasNodeUsers(context) else { return .closed }
      return pod.assess({ container, _ in .when(container.unmasked) }) { member, _ in
        pod.unmaskedEvidence(member, effect: "what the runtime hides below /proc is visible to it")
      }
    }
  )
}
