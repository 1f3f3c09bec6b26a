package import FleetModel

/// Roles and bindings as text to apply.
package enum RoleYAML {
  /// A Role with its RoleBinding in the account's namespace, and a ClusterRole with its binding for cluster-scoped
  /// resources.
  static func role(for account: Subject, rules: [PolicyRule]) -> String {
    let inside = rules.filter { !$0.isClusterScoped }
    let outside = rules.filter(\.isClusterScoped)
    var documents: [String] = []
    if !inside.isEmpty { documents += pair("", account, account.name + "-needs", inside) }
    if !outside.isEmpty { documents += pair("Cluster", account, "\(account.namespace)-\(account.name)-needs", outside) }
    return documents.joined(separator: "---\n")
  }

  static func accountWithoutToken(_ account: Subject) -> String {
    """
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: \(scalar(account.name))
      namespace: \(scalar(account.namespace))
    automountServiceAccountToken: false

    """
  }

  private static func pair(_ prefix: String, _ account: Subject, _ name: String, _ rules: [PolicyRule]) -> [String] {
    let home = prefix.isEmpty ? "\n  namespace: \(scalar(account.namespace))" : ""
    let role = """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: \(prefix)Role
      metadata:
        name: \(scalar(name))\(home)
      rules:

      """
    let binding = """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: \(prefix)RoleBinding
      metadata:
        name: \(scalar(name))\(home)
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: \(prefix)Role
        name: \(scalar(name))
      subjects:
      - kind: ServiceAccount
        name: \(scalar(account.name))
        namespace: \(scalar(account.namespace))

      """
    return [role + self.rules(rules), binding]
  }

  /// The list below `rules:`, each line with a newline.
  package static func rules(_ rules: [PolicyRule]) -> String {
    rules.map { rule in
      var lines: [String] = []
      if rule.nonResourceURLs.isEmpty {
        lines.append("apiGroups: \(list(rule.apiGroups))")
        lines.append("resources: \(list(rule.resources))")
      } else {
        lines.append("nonResourceURLs: \(list(rule.nonResourceURLs))")
      }
      if !rule.resourceNames.isEmpty { lines.append("resourceNames: \(list(rule.resourceNames))") }
      lines.append("verbs: \(list(rule.verbs))")
      return "- " + lines.joined(separator: "\n  ") + "\n"
    }.joined()
  }

  private static func list(_ values: [String]) -> String { "[" + values.map(quoted).joined(separator: ", ") + "]" }

  /// Plain where it is a name, quoted otherwise: input may hold anything.
  package static func scalar(_ text: String) -> String {
    let plain = text.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isLowercase || $0 == "-") }
    let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    return plain && !text.isEmpty && !text.hasPrefix("-") && !words.contains(text) ? text : quoted(text)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || !scalar.isASCII:
        let hex = String(scalar.value, radix: 16, uppercase: true)
        result += "\\U" + String(repeating: "0", count: 8 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
