import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let enteringPods = Vector(
    code: "K03", title: "Running commands in other pods through the API server", severity: .high,
    explanation: """
      exec and attach run a command inside any pod of the namespace, port-forward reaches ports that no network policy \
      opens. The pods' tokens, secrets and mounts come with it.
      """,
    mitigation: """
      Take pods/exec, pods/attach and pods/portforward out of the role; for emergencies bind a role for a limited time.
      """,
    attack: ["T1609"],
    references: [
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
      "https://github.com/kubernetes/kubernetes/issues/133515",
    ],
    signature: [.audit("create pods/exec"), .audit("create pods/attach"), .audit("create pods/portforward")],
    example: RightsRule.example(
      """
      - apiGroups: [""]
        resources: [pods/exec]
        verbs: [create]
      """),
    rule: .subject { rights, context in
      let needsCreate =
        context.nodeFacts.kubelet.map { kubelet in createIsNeeded.map { kubelet >= $0 } ?? false } ?? false
      return RightsRule.assess(rights, [.enterPods], context) { use in
        if use.requests.contains(where: { $0.verb == "create" }) { return "" }
        // A WebSocket begins with GET; the API server asks for `create` as well from 1.35 on.
        return needsCreate ? nil : "get is enough over a WebSocket before Kubernetes 1.35"
      }
    }
  )

  private static let createIsNeeded = Version("1.35")
}
