import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let containerFileSystem = Vector(
    code: "L51", title: "Leaving through a writable LXCFS", severity: .high,
    explanation: """
      LXCFS shows the node's cgroup v1 folders below its mount. Root of a container that has it writable allows itself \
      the node's disk there and reads it by a device node.
      """,
    mitigation: """
      Mount single files of LXCFS read-only; move the nodes to cgroup v2.
      """,
    attack: ["T1611"],
    references: ["github.com/cdk-team/CDK/wiki/Exploit:-lxcfs-rw", "linuxcontainers.org/lxcfs"],
    signature: [.open("*/lxcfs/cgroup/devices/*", write: true), .call("mknod", arguments: "S_IFBLK")],
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
            mountPath: /lxcfs
        volumes:
        - name: host
          hostPath:
            path: /var/lib/lxcfs
      """,
    rule: .linux { pod, context in
      guard pod.hasNodeUsers(context) else { return .closed }
      let mounts = pod.hostMounts(context).filter { mount in
        // A mount above it proves no LXCFS: that is vector L17.
        !mount.readOnly && mount.path.meets(folder) && !mount.path.isStrictlyAbove(folder)
          && pod.members[mount.member].effective.mayBeRoot
      }
      guard !mounts.isEmpty else { return .closed }
      return context.cgroupV1.assessment { seen in
        mounts.map { pod.evidence($0, "root changes the node's cgroups below it; \(seen)") }
      }
    }
  )

  private static let folder = NodePath("/var/lib/lxcfs")
}
