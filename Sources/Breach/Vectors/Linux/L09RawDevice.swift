import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let rawDevice = Vector(
    code: "L09", title: "Making a device node for the node's disk", severity: .high,
    explanation: """
      MKNOD lets a container make a device node for the node's disk, and a privileged one may also open it. The \
      attacker reads and writes the disk past every file permission.
      """,
    mitigation: """
      Set privileged: false and drop MKNOD.
      """,
    attack: ["T1611"],
    references: [
      "man7.org/linux/man-pages/man7/capabilities.7.html", "github.com/cdk-team/CDK",
      "kubernetes.io/docs/concepts/security/pod-security-standards",
    ],
    signature: [.call("mknod", arguments: "S_IFBLK or S_IFCHR"), .call("mknodat", arguments: "S_IFBLK or S_IFCHR")],
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
            privileged: true
      """,
    rule: .linux { pod, context in
      // MKNOD is a default capability, but only a privileged container's device cgroup lets the result be opened.
      pod.assessPrivileged(context, effect: "it makes device nodes and its device cgroup lets it open them")
    }
  )
}
