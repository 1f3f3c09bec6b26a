import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let requestingTokens = Vector(
    code: "K07", title: "Getting tokens of other service accounts", severity: .high,
    explanation: """
      create on serviceaccounts/token makes a token for any account of the namespace. A secret of the type \
      kubernetes.io/service-account-token is filled with one as well, and does not expire.
      """,
    mitigation: """
      Limit serviceaccounts/token to the names it is for; do not give create on secrets together with a right to read \
      them.
      """,
    attack: ["T1528", "T1550.001"],
    references: ["https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request"],
    signature: [.audit("create serviceaccounts/token"), .audit("create secrets")],
    example: RightsRule.example(
      """
      - apiGroups: [""]
        resources: [serviceaccounts/token]
        verbs: [create]
      """),
    rule: .subject { rights, context in
      let reads = ["get", "list", "watch", "patch", "update"].flatMap { rights.grants(allowing: $0, "secrets") }
        .filter { $0.rule.resourceNames.isEmpty }
      return RightsRule.assess(rights, [.requestTokens, .writeSecrets], context) { use in
        guard use.right == .writeSecrets else { return "" }
        // What cannot be read back gives nothing.
        let readable = reads.contains { $0.namespace == nil || use.namespace == nil || $0.namespace == use.namespace }
        return readable ? "the token filled into such a secret can be read back" : nil
      }
    }
  )
}
