import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let systemRequests = Vector(
    code: "L15", title: "Restarting or crashing the node by sysrq", severity: .high,
    explanation: """
      A character written to /proc/sysrq-trigger restarts or crashes the node at once. Every workload on it goes down \
      with it, as often as the attacker likes.
      """,
    mitigation: """
      Keep procMount: Default and privileged: false, and do not mount /proc of the node.
      """,
    attack: ["T1499", "T1529"],
    references: [
      "docs.kernel.org/admin-guide/sysrq.html", "kubernetes.io/docs/concepts/security/pod-security-standards",
    ],
    signature: [.open("*/sysrq-trigger", write: true), .open("*/sys/kernel/panic*", write: true)],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
          volumeMounts:
          - name: host
            mountPath: /host-proc
        volumes:
        - name: host
          hostPath:
            path: /proc
      """,
    rule: .linux { pod, context in
      pod.assessUnmasked(context, effect: "/proc/sysrq-trigger is writable for it")
        .or(pod.rootWrites(to: [triggerFile], context, effect: "root writes the sysrq-trigger below it"))
    }
  )

  private static let triggerFile = NodePath("/proc/sysrq-trigger")
}
