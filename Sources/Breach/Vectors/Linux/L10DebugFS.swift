import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let debugFileSystem = Vector(
    code: "L10", title: "Reading the node's disk with debugfs", severity: .high,
    explanation: """
      The tool debugfs of e2fsprogs reads and changes an ext4 file system straight on its block device. In a \
      privileged container an attacker needs no mount for it, so that rules about mounts stay silent.
      """,
    mitigation: """
      Set privileged: false.
      """,
    attack: ["T1611"],
    references: ["github.com/falcosecurity/rules", "man7.org/linux/man-pages/man8/debugfs.8.html"],
    signature: [.execute("debugfs"), .open("/dev/sd*"), .open("/dev/nvme*"), .open("/dev/vd*")],
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
      pod.assessPrivileged(context, effect: "debugfs reads and writes the node's disks through /dev, without a mount")
    }
  )
}
