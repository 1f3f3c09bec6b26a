import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let deviceCgroup = Vector(
    code: "L08", title: "Opening all devices through cgroup v1's devices.allow", severity: .high,
    explanation: """
      A container with SYS_ADMIN that can write its own cgroup v1 folder allows itself every device. It then makes a \
      node for the disk and reads or changes it past the file system.
      """,
    mitigation: """
      Drop SYS_ADMIN and do not mount /sys/fs/cgroup from the node; move the nodes to cgroup v2.
      """,
    attack: ["T1611"],
    references: [
      "github.com/cdk-team/CDK/wiki/Exploit:-rewrite-cgroup-devices",
      "docs.kernel.org/admin-guide/cgroup-v1/devices.html",
    ],
    signature: [.open("*/devices.allow", write: true), .call("mknod", arguments: "S_IFBLK")],
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
              add: [SYS_ADMIN]
          volumeMounts:
          - name: host
            mountPath: /host-cgroup
        volumes:
        - name: host
          hostPath:
            path: /sys/fs/cgroup
      """,
    rule: .linux { pod, context in
      guard pod.hasNodeUsers(context) else { return .closed }
      let mounts = pod.hostMounts(context).filter { $0.mayWrite(cgroups) }
      let writers = Set(mounts.map { pod.members[$0.member].container.name })
      return pod.assess(node: context.cgroupV1) { container, _ in
        .when(container.mayGain(.sysAdmin) && (container.privileged || writers.contains(container.name)))
      } evidence: { member, _ in
        pod.evidence(member, .sysAdmin, "it writes its own devices.allow and opens the node's disks")
      }
    }
  )

  private static let cgroups = NodePath("/sys/fs/cgroup")
}
