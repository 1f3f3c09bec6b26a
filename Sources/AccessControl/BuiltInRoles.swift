package import Diagnostics
package import FleetModel

/// The ClusterRoles that every API server makes for itself, so that a binding to one of them is understood although the
/// role is in no manifest. A role of that name in the input wins over the one here.
///
/// Facts from the defaults that Kubernetes 1.34 ships (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`); older and
/// newer versions differ in single rules.
package enum BuiltInRoles {
  /// All of them, sorted by name.
  package static let all: [Role] =
    (BuiltInRoleTable.clusterRoles + BuiltInRoleTable.controllerRoles).map(role).sorted { $0.id < $1.id }

  private static let byName: [String: Role] =
    Dictionary(all.map { ($0.id.name, $0) }) { first, _ in first }

  /// The place of everything that no file says.
  package static let location = SourceLocation(file: "built into Kubernetes", line: 0)

  package static func role(named name: String) -> Role? { byName[name] }

  private static let aggregation = "rbac.authorization.k8s.io/aggregate-to-"

  private static func role(_ entry: BuiltInRoleTable.Entry) -> Role {
    var role = Role(id: ObjectReference(kind: "ClusterRole", namespace: "", name: entry.name), location: location)
    role.labels["kubernetes.io/bootstrapping"] = "rbac-defaults"
    if let target = entry.joins { role.labels[aggregation + target] = "true" }
    if let name = entry.collects {
      role.aggregates = [
        LabelSelector([.init(key: aggregation + name, operation: .isIn, values: ["true"])])
      ]
    }
    role.rules = entry.rules.split(separator: "\n").compactMap { rule(String($0)) }
    return role
  }

  /// One line of the table: verbs, a space, then `group,…:resource,…[name,…]` or paths that begin with a slash. `R`
  /// stands for get, list and watch, `W` for everything that changes an object.
  private static func rule(_ line: String) -> PolicyRule? {
    let parts = line.split(separator: " ", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    let verbs = list(parts[0]).flatMap { shorthand[$0] ?? [$0] }
    if parts[1].hasPrefix("/") || parts[1] == "url:*" {
      return PolicyRule(verbs: verbs, nonResourceURLs: parts[1] == "url:*" ? ["*"] : list(parts[1]))
    }
    guard let colon = parts[1].firstIndex(of: ":") else { return nil }
    let groups = parts[1][..<colon].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    var resources = parts[1][parts[1].index(after: colon)...]
    var names: [String] = []
    if let open = resources.firstIndex(of: "[") {
      names = list(resources[resources.index(after: open)...].dropLast())
      resources = resources[..<open]
    }
    return PolicyRule(verbs: verbs, apiGroups: groups, resources: list(resources), resourceNames: names)
  }

  private static let shorthand: [String: [String]] = [
    "R": ["get", "list", "watch"],
    "W": ["create", "delete", "deletecollection", "patch", "update"],
  ]

  private static func list(_ text: Substring) -> [String] { text.split(separator: ",").map(String.init) }
}
