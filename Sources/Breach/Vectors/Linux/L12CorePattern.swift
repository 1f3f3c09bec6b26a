import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let corePattern = Vector(
    code: "L12", title: "Running a program on the node through core_pattern", severity: .critical,
    explanation: """
      The kernel runs the program named in /proc/sys/kernel/core_pattern on the node as root when a process crashes. A \
      container that can write this file names its own program and crashes.
      """,
    mitigation: """
      Do not mount /proc of the node, keep procMount: Default and privileged: false.
      """,
    attack: ["T1611"],
    references: [
      "kubehound.io/reference/attacks/CE_UMH_CORE_PATTERN", "man7.org/linux/man-pages/man5/core.5.html",
      "kubernetes.io/docs/concepts/security/pod-security-standards",
    ],
    signature: [.open("*/sys/kernel/core_pattern", write: true)],
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
      pod.assessUnmasked(context, effect: "/proc/sys/kernel/core_pattern is writable for it")
        .or(pod.rootWrites(to: [corePatternFile], context, effect: "root writes the core_pattern below it"))
    }
  )

  private static let corePatternFile = NodePath("/proc/sys/kernel/core_pattern")
}
