import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let binaryFormats = Vector(
    code: "L14", title: "Registering an interpreter for the node's programs", severity: .high,
    explanation: """
      binfmt_misc lets root name an interpreter for files with a given beginning or suffix, for all processes of the \
      node. An attacker registers one with the flag that keeps credentials and waits until the node runs such a file.
      """,
    mitigation: """
      Drop SYS_ADMIN and do not mount /proc of the node. Kernels since 6.7 keep binfmt_misc apart per user namespace.
      """,
    attack: ["T1611"],
    references: ["docs.kernel.org/admin-guide/binfmt-misc.html", "github.com/toffan/binfmt_misc"],
    signature: [.call("mount", arguments: "type binfmt_misc"), .open("*/binfmt_misc/register", write: true)],
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
      """,
    rule: .linux { pod, context in
      pod.assess(.sysAdmin, context, effect: "it mounts binfmt_misc and registers an interpreter there")
        .or(pod.rootWrites(to: [registerFile], context, effect: "root registers an interpreter below it"))
    }
  )

  private static let registerFile = NodePath("/proc/sys/fs/binfmt_misc/register")
}
