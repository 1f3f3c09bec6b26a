import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let namespaceRelabelling = Vector(
    code: "K02", title: "Taking the Pod Security label off a namespace", severity: .high,
    explanation: """
      Pod Security Admission goes by a label on the namespace. Whoever may change the namespace takes the label off, \
      creates a privileged pod, and puts it back.
      """,
    mitigation: """
      Give no one but administrators patch or update on namespaces, or guard the label by an admission policy.
      """,
    attack: ["T1562.001"],
    references: ["https://kubernetes.io/docs/concepts/security/rbac-good-practices/#namespace-modification"],
    signature: [.audit("patch namespaces"), .audit("update namespaces")],
    example: RightsRule.example(
      """
      - apiGroups: [""]
        resources: [namespaces]
        verbs: [patch]
      """, cluster: true),
    rule: .subject { rights, context in
      let pods = rights.uses(of: .createWorkloads)
      return RightsRule.assess(rights, [.relabelNamespaces], context) { use in
        let creates = pods.contains { use.namespace == nil || $0.namespace == nil || $0.namespace == use.namespace }
        return creates
          ? "it may create pods there too, so that this is root on a node"
          : "together with anyone who creates pods there this is root on a node"
      }
    }
  )
}
