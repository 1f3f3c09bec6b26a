import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let readingSecrets = Vector(
    code: "K06", title: "Reading secrets", severity: .high,
    explanation: """
      get, list and watch on secrets each show their content, list and watch all at once. Passwords, keys and service \
      accounts' tokens of the namespace are open to it.
      """,
    mitigation: """
      Mount the secrets that a workload needs instead of letting it read them, or limit get to their names.
      """,
    attack: ["T1552.007", "T1528"],
    references: ["https://kubernetes.io/docs/concepts/security/rbac-good-practices/#listing-secrets"],
    signature: [.audit("list secrets"), .audit("watch secrets"), .audit("get secrets")],
    example: RightsRule.example(
      """
      - apiGroups: [""]
        resources: [secrets]
        verbs: [get, list]
      """),
    rule: .subject { rights, context in
      RightsRule.assess(rights, [.readSecrets], context) { use in
        // Its own secret by name is what least privilege asks for, unless that is an account's token.
        if !use.names.isEmpty { return tokens(use, context) }
        return use.requests.allSatisfy { $0.verb == "get" } ? "names must be guessed, and most can be" : ""
      }
    }
  )

  private static func tokens(_ use: RightUse, _ context: AuditContext) -> String? {
    let all = context.identity.tokenSecrets
    let tokens: [String]
    if let space = use.namespace {
      tokens = use.names.filter { all.contains(ObjectReference(kind: "Secret", namespace: space, name: $0)) }
    } else {
      let names = Set(use.names)
      tokens = Set(all.lazy.map(\.name).filter(names.contains)).sorted()
    }
    guard !tokens.isEmpty else { return nil }
    return "\(RightsRule.short(tokens)) holds a service account's token"
  }
}
