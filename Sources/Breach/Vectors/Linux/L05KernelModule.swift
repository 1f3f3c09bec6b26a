import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let kernelModule = Vector(
    code: "L05", title: "Loading a kernel module", severity: .critical,
    explanation: """
      With SYS_MODULE an attacker loads a module of his own into the kernel that all containers share. From then on \
      nothing on the node confines him.
      """,
    mitigation: """
      Drop SYS_MODULE; load modules on the node itself. The runtime's default seccomp profile and kernel lockdown \
      refuse it too.
      """,
    attack: ["T1611", "T1547.006"],
    references: [
      "kubehound.io/reference/attacks/CE_MODULE_LOAD", "man7.org/linux/man-pages/man7/capabilities.7.html",
      "github.com/falcosecurity/rules",
    ],
    signature: [.call("init_module"), .call("finit_module")],
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
              add: [SYS_MODULE]
      """,
    rule: .linux { pod, context in
      pod.assess(.sysModule, context, effect: "it loads code into the node's kernel")
    }
  )
}
