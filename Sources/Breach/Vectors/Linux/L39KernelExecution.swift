import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let kernelExecution = Vector(
    code: "L39", title: "Starting another kernel or restarting the node", severity: .high,
    explanation: """
      SYS_BOOT lets a container load another kernel by kexec and start it, or restart the node. The attacker's kernel \
      then owns the machine.
      """,
    mitigation: """
      Drop SYS_BOOT; the default seccomp profile refuses both calls without it.
      """,
    attack: ["T1611", "T1529"],
    references: [
      "man7.org/linux/man-pages/man7/capabilities.7.html", "man7.org/linux/man-pages/man2/kexec_load.2.html",
    ],
    signature: [.call("kexec_load"), .call("kexec_file_load"), .call("reboot")],
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
              add: [SYS_BOOT]
      """,
    rule: .linux { pod, context in
      pod.assess(.sysBoot, context, effect: "it starts another kernel on the node by kexec_load")
    }
  )
}
