import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let privilegeEscalation = Vector(
    code: "L40", title: "Becoming root by a set-uid program", severity: .medium,
    explanation: """
      Unless allowPrivilegeEscalation is false, a set-uid program in the image or in a volume makes its caller root. \
      That holds even where every capability is dropped, because root owns files.
      """,
    mitigation: """
      Set allowPrivilegeEscalation: false.
      """,
    attack: ["T1548.001"],
    references: [
      "hub.armosec.io/docs/c-0016", "kubernetes.io/docs/concepts/security/pod-security-standards",
      "docs.kernel.org/userspace-api/no_new_privs.html",
    ],
    signature: [.call("execve", arguments: "of a set-uid file"), .call("setuid", arguments: "0")],
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
            runAsUser: 1000
      """,
    rule: .linux { pod, context in
      pod.assess({ container, _ in .when(!container.noNewPrivileges) }) { member, _ in
        let own = member.container.securityContext
        let written = own.allowPrivilegeEscalation == true ? "is true" : "is not set, which means true"
        // The API server refuses false beside privileged or SYS_ADMIN.
        let needsLess = own.privileged == true || own.addedCapabilities.contains { Capability(name: $0) == .sysAdmin }
        let others = needsLess ? EffectivePod.capabilityLines(member, without: [.sysAdmin]) + "\n" : ""
        return member.evidence(
          "container \(member.container.name): securityContext.allowPrivilegeEscalation \(written)",
          fix: pod.patch(member, "securityContext:\n\(others)  allowPrivilegeEscalation: false"))
      }
    }
  )
}
