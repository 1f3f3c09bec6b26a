import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let nodeProxy = Vector(
    code: "K04", title: "Running commands through the kubelet", severity: .critical,
    explanation: """
      nodes/proxy leads to the kubelet's whole interface, with exec into every pod of the node, past admission \
      and past \
      the audit log. get is enough, for a WebSocket begins with it.
      """,
    mitigation: """
      Replace nodes/proxy by the fine-grained nodes/metrics, nodes/stats, nodes/pods, nodes/healthz and nodes/configz \
      (beta and on since Kubernetes 1.33, stable in 1.36); let only the control plane reach port 10250.
      """,
    attack: ["T1609", "T1611"],
    references: [
      "https://www.kubernetes.dev/resources/keps/2862/",
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#access-to-proxy-subresource-of-nodes",
    ],
    signature: [.audit("get nodes/proxy"), .audit("create nodes/proxy"), .connect("*:10250")],
    example: RightsRule.example(
      """
      - apiGroups: [""]
        resources: [nodes/metrics, nodes/proxy]
        verbs: [get]
      """, account: "metrics-agent", cluster: true),
    rule: .subject { rights, context in RightsRule.assess(rights, [.nodeProxy], context) }
  )
}
