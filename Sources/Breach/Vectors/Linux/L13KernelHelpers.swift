import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let kernelHelpers = Vector(
    code: "L13", title: "Naming the kernel's helper programs", severity: .critical,
    explanation: """
      The kernel runs the programs named in /sys/kernel/uevent_helper and /proc/sys/kernel/modprobe on the node as \
      root. A container that can write these files names its own program and causes the event.
      """,
    mitigation: """
      Do not mount /sys or /proc of the node, keep procMount: Default and privileged: false.
      """,
    attack: ["T1611"],
    references: [
      "docs.kernel.org/admin-guide/sysctl/kernel.html", "github.com/cdk-team/CDK",
      "kubernetes.io/docs/concepts/security/pod-security-standards",
    ],
    signature: [
      .open("*/kernel/uevent_helper", write: true), .open("*/sys/kernel/modprobe", write: true),
      .open("*/sys/kernel/hotplug", write: true),
    ],
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
            mountPath: /host-sys
        volumes:
        - name: host
          hostPath:
            path: /sys
      """,
    rule: .linux { pod, context in
      pod.assessUnmasked(context, effect: "/proc/sys/kernel/modprobe is writable for it")
        .or(pod.rootWrites(to: helperFiles, context, effect: "root names a helper program of the kernel below it"))
    }
  )

  private static let helperFiles = [
    NodePath("/sys/kernel/uevent_helper"), NodePath("/proc/sys/kernel/modprobe"), NodePath("/proc/sys/kernel/hotplug"),
  ]
}
