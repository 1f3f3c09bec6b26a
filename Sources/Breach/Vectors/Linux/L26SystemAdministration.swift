import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let systemAdministration = Vector(
    code: "L26", title: "Mounting and entering namespaces with SYS_ADMIN", severity: .high,
    explanation: """
      SYS_ADMIN opens mount, setns and the new mount calls, also where a default seccomp profile is set. An attacker \
      mounts a fresh /proc past all masks and goes on from there.
      """,
    mitigation: """
      Drop SYS_ADMIN; look for the narrower capability that the program needs.
      """,
    attack: ["T1611"],
    references: ["man7.org/linux/man-pages/man7/capabilities.7.html", "man7.org/linux/man-pages/man2/mount.2.html"],
    signature: [
      .call("mount"), .call("fsopen"), .call("fsmount"), .call("move_mount"), .call("pivot_root"), .call("setns"),
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
            capabilities:
              add: [SYS_ADMIN]
      """,
    rule: .linux { pod, context in
      pod.assess(.sysAdmin, context, effect: "it mounts file systems past the runtime's masks and enters namespaces")
    }
  )
}
