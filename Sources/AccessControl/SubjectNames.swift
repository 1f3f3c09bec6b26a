package import FleetModel

extension Subject {
  /// `system:masters`, whose members may do everything.
  package static let masters = Subject(kind: .group, name: "system:masters")

  /// How people write it: `ServiceAccount shop/cart`, `Group system:authenticated`.
  package var displayName: String {
    kind == .serviceAccount ? "\(kind.rawValue) \(namespace)/\(name)" : "\(kind.rawValue) \(name)"
  }

  /// The subject as a binding means it: a service account without a namespace is of the RoleBinding's, and a user
  /// called `system:serviceaccount:NS:NAME` is that service account. Nil where it means nobody.
  package func canonical(in binding: RoleBinding) -> Subject? {
    switch kind {
    case .group: return Subject(kind: .group, name: name)
    case .user:
      let parts = name.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount", !parts[2].isEmpty, !parts[3].isEmpty
      else { return Subject(kind: .user, name: name) }
      return Subject(kind: .serviceAccount, namespace: String(parts[2]), name: String(parts[3]))
    case .serviceAccount:
      let home = namespace.isEmpty && binding.id.kind == "RoleBinding" ? binding.id.namespace : namespace
      return home.isEmpty ? nil : Subject(kind: .serviceAccount, namespace: home, name: name)
    }
  }

  /// The groups such a subject is in without being told (kubernetes, "Authenticating").
  package var impliedGroups: [String] {
    switch kind {
    case .serviceAccount: return ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", Self.everyone]
    case .user:
      if name == "system:anonymous" { return ["system:unauthenticated"] }
      return name.hasPrefix("system:node:") ? ["system:nodes", Self.everyone] : [Self.everyone]
    case .group:
      if name == Self.everyone || name == "system:unauthenticated" { return [] }
      return name.hasPrefix("system:serviceaccounts:") ? ["system:serviceaccounts", Self.everyone] : [Self.everyone]
    }
  }

  private static let everyone = "system:authenticated"

  /// Names that the system reserves yet that stand for anybody: a right of theirs is a finding.
  private var isCrowd: Bool {
    name == "system:anonymous" || name == "system:unauthenticated" || name == Self.everyone
      || name == "system:serviceaccounts" || name.hasPrefix("system:serviceaccounts:")
  }

  func isBuiltIn(grants: [Grant]) -> Bool {
    switch kind {
    case .user, .group: return name.hasPrefix("system:") && !isCrowd
    case .serviceAccount:
      // The controller manager's own accounts: all they hold comes from the role that bears their name.
      guard namespace == "kube-system" else { return false }
      let own = "system:controller:\(name)"
      guard BuiltInRoles.role(named: own) != nil else { return false }
      return !grants.isEmpty && grants.allSatisfy { $0.role.name == own && $0.binding.name == own }
    }
  }
}
