import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let admissionHijack = Vector(
    code: "K12", title: "Standing between clients and the API server", severity: .critical,
    explanation: """
      A mutating webhook changes every object on its way in, a validating one and a conversion webhook read it, an \
      APIService takes over a whole API group. Whoever may write one of them sees secrets and changes pods.
      """,
    mitigation: """
      Give write access to webhook configurations, custom resource definitions and API services to administrators and \
      the operators that own them, limited by resourceNames.
      """,
    attack: ["T1557", "T1546"],
    references: [
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#control-admission-webhooks"
    ],
    signature: RiskyRight.rewriteAdmission.requests.map { .audit("\($0.verb) \($0.resource)") },
    example: RightsRule.example(
      """
      - apiGroups: [admissionregistration.k8s.io]
        resources: [mutatingwebhookconfigurations]
        verbs: [create, patch]
      """, account: "injector", cluster: true),
    rule: .subject { rights, context in RightsRule.assess(rights, [.rewriteAdmission], context) }
  )
}
