import Diagnostics
package import FleetModel

/// Who may do what, looked up by subject.
package struct AccessIndex: Sendable {
  /// Every subject that a binding names, and every service account of the fleet and of its workloads; sorted.
  package let subjects: [Subject]
  private let direct: [Subject: [Grant]]
  private let missing: [Subject: [ObjectReference]]

  package init(_ fleet: Fleet) {
    let roles = Dictionary(fleet.roles.map { ($0.id, $0) }) { first, _ in first }
    var direct: [Subject: [Grant]] = [:]
    var missing: [Subject: [ObjectReference]] = [:]
    for binding in fleet.roleBindings {
      let isCluster = binding.id.kind == "ClusterRoleBinding"
      let namespace = binding.roleKind == "ClusterRole" ? "" : binding.id.namespace
      let id = ObjectReference(kind: binding.roleKind, namespace: namespace, name: binding.roleName)
      guard let role = roles[id] else {
        for subject in binding.subjects { missing[subject, default: []].append(binding.id) }
        continue
      }
      let grants = Self.rules(of: role, fleet.roles).map {
        Grant(
          rule: $0, namespace: isCluster ? nil : binding.id.namespace, role: id, binding: binding.id,
          location: binding.location)
      }
      for subject in binding.subjects { direct[subject, default: []] += grants }
    }
    let accounts =
      fleet.serviceAccounts.map { Subject(kind: .serviceAccount, namespace: $0.id.namespace, name: $0.id.name) }
      + fleet.workloads.map {
        Subject(kind: .serviceAccount, namespace: $0.id.namespace, name: $0.pod.serviceAccount)
      }
    self.direct = direct
    self.missing = missing
    subjects = Set(accounts).union(direct.keys).union(missing.keys).sorted()
  }

  /// A ClusterRole's own rules and, where it aggregates, those of the ClusterRoles it selects.
  private static func rules(of role: Role, _ all: [Role]) -> [PolicyRule] {
    guard !role.aggregates.isEmpty else { return role.rules }
    let selected = all.filter { other in
      other.id.kind == "ClusterRole" && other.id != role.id
        && role.aggregates.contains { $0.matches(other.labels) }
    }
    return role.rules + selected.flatMap(\.rules)
  }

  package func rights(of subject: Subject) -> SubjectRights {
    let holders = [subject] + Self.groups(of: subject).map { Subject(kind: .group, name: $0) }
    return SubjectRights(
      subject: subject, grants: holders.flatMap { direct[$0] ?? [] }, unresolved: holders.flatMap { missing[$0] ?? [] })
  }

  /// The groups every such subject is in without being told (kubernetes, "Authenticating").
  private static func groups(of subject: Subject) -> [String] {
    switch subject.kind {
    case .serviceAccount:
      ["system:serviceaccounts", "system:serviceaccounts:\(subject.namespace)", "system:authenticated"]
    case .user: subject.name == "system:anonymous" ? ["system:unauthenticated"] : ["system:authenticated"]
    case .group: []
    }
  }
}
