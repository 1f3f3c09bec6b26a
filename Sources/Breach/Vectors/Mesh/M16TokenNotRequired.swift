import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let tokenNotRequired = Vector(
    code: "M16", title: "Calling without any token", severity: .high,
    explanation: """
      A RequestAuthentication refuses wrong tokens and lets requests without one pass. Only an AuthorizationPolicy \
      that asks for a request principal makes the token a must.
      """,
    mitigation: "Add an AuthorizationPolicy on the same workloads that denies requests without a request principal.",
    attack: ["T1190", "T1078"],
    references: ["https://istio.io/latest/docs/tasks/security/authentication/authn-policy/"],
    signature: [.state("a request without an Authorization header that is answered")],
    example: """
      apiVersion: security.istio.io/v1
      kind: RequestAuthentication
      metadata: {name: users, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        jwtRules: [{issuer: "https://accounts.example.com"}]
      """,
    rule: .fleet { context in
      let policies = Dictionary(grouping: context.objects("AuthorizationPolicy", group: "security.istio.io")) {
        $0.id.namespace
      }
      let root = context.mesh.settings.istioRootNamespace
      return context.objects("RequestAuthentication", group: "security.istio.io").compactMap { object in
        let near = (policies[object.id.namespace] ?? []) + (object.id.namespace == root ? [] : policies[root] ?? [])
        guard !near.contains(where: { asksForPrincipal($0) && covers($0, object) }) else { return nil }
        return .open(
          object,
          [Evidence(message: "no AuthorizationPolicy requires the token it checks", fix: requirePrincipal(object))])
      }
    })

  /// DENY of `notRequestPrincipals: ["*"]`, or ALLOW whose every rule names request principals or claims.
  private static func asksForPrincipal(_ policy: CustomObject) -> Bool {
    let rules = policy.spec["rules"]?.elements ?? []
    func sources(_ rule: DocumentValue, _ key: String) -> [String] {
      (rule["from"]?.elements ?? []).flatMap { $0["source"]?[key]?.strings ?? [] }
    }
    switch policy.spec["action"]?.string ?? "ALLOW" {
    case "DENY": return rules.contains { sources($0, "notRequestPrincipals").contains("*") }
    case "ALLOW":
      return !rules.isEmpty
        && rules.allSatisfy { rule in
          let claims = (rule["when"]?.elements ?? []).contains {
            $0["key"]?.string?.hasPrefix("request.auth.") ?? false
          }
          return claims || !sources(rule, "requestPrincipals").isEmpty
        }
    default: return false
    }
  }

  private static func covers(_ policy: CustomObject, _ object: CustomObject) -> Bool {
    if policy.spec["targetRefs"] != nil || object.spec["targetRefs"] != nil {
      return policy.spec["targetRefs"] == object.spec["targetRefs"]
    }
    guard let own = policy.spec["selector"]?["matchLabels"]?.stringMap, !own.isEmpty else { return true }
    let wanted = object.spec["selector"]?["matchLabels"]?.stringMap ?? [:]
    // Every pod that the object selects carries these labels.
    return own.allSatisfy { wanted[$0.key] == $0.value }
  }

  private static func requirePrincipal(_ object: CustomObject) -> String {
    let labels = (object.spec["selector"]?["matchLabels"]?.stringMap ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key): \"\($0.value)\"" }.joined(separator: ", ")
    let selector = labels.isEmpty ? "" : "\n  selector: {matchLabels: {\(labels)}}"
    return """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: \(object.id.name)-required, namespace: \(object.id.namespace)}
      spec:\(selector)
        action: DENY
        rules:
        - from: [{source: {notRequestPrincipals: ["*"]}}]
      """
  }
}
