import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let elevation = Vector(
    code: "K09", title: "Giving oneself more rights: escalate, bind, impersonate", severity: .critical,
    explanation: """
      The API server lets nobody give away rights that he lacks, except by these three verbs: escalate writes any rule \
      into a role, bind binds any role, impersonate acts as somebody else.
      """,
    mitigation: """
      Remove the verb; where a controller needs bind or impersonate, limit it to names by resourceNames.
      """,
    attack: ["T1098.006", "T1078"],
    references: [
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#escalate-verb",
      "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping",
    ],
    signature: [
      .audit("impersonate users"), .audit("impersonate groups"), .audit("impersonate serviceaccounts"),
      .audit("update clusterroles"), .audit("create clusterrolebindings"), .audit("create rolebindings"),
    ],
    example: RightsRule.example(
      """
      - apiGroups: [rbac.authorization.k8s.io]
        resources: [clusterroles]
        verbs: [get, patch, escalate]
      """, account: "operator", cluster: true),
    rule: .subject { rights, context in
      RightsRule.assess(rights, [.escalateRoles, .bindRoles, .impersonate], context) { use in
        switch use.right {
        case .impersonate:
          if !Elevation.impersonated(use, rights).isEmpty { return "" }
          return "it takes effect once it may impersonate a user or a service account as well"
        case .bindRoles:
          return Elevation.isEffective(use, rights) ? "" : "it takes effect once it may write bindings as well"
        default: return Elevation.isEffective(use, rights) ? "" : "it takes effect once it may write roles as well"
        }
      }
    }
  )
}
