import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let privilegedDiskMount = Vector(
    code: "L01", title: "Mounting the node's disks from a privileged container", severity: .critical,
    explanation: """
      A privileged container sees every device of the node below /dev. An attacker mounts the root disk and changes \
      whatever the node runs next.
      """,
    mitigation: """
      Set privileged: false; where single devices are needed, use a device plugin. Enforce Pod Security "baseline".
      """,
    attack: ["T1611"],
    references: [
      "kubernetes.io/docs/concepts/security/pod-security-standards", "kubehound.io/reference/attacks/CE_PRIV_MOUNT",
      "github.com/falcosecurity/rules",
    ],
    signature: [
      .call("mount", arguments: "a block device as source"), .open("/dev/sd*"), .open("/dev/nvme*"),
      .open("/dev/vd*"), .open("/dev/xvd*"), .open("/dev/dm-*"),
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
          securityContext:
            privileged: true
      """,
    rule: .linux { pod, context in
      pod.assessPrivileged(context, effect: "it opens the node's disks below /dev and mounts them")
    }
  )
}
