import Diagnostics
package import FleetModel

/// Who may do what, looked up by subject.
///
/// The input's RBAC objects are taken as all that there are, but for the roles that Kubernetes ships. Its default
/// bindings of `system:authenticated` (discovery, one's own rights) are left out: everybody has those.
package struct AccessIndex: Sendable {
  /// Every subject that a binding names, and every service account of the fleet and of its workloads; sorted.
  package let subjects: [Subject]
  private let direct: [Subject: [Grant]]
  private let missing: [Subject: [ObjectReference]]
  private let roles: [ObjectReference: Role]

  package init(_ fleet: Fleet) {
    let roles = RoleTable(fleet.roles, isAsked: !fleet.roleBindings.isEmpty)
    var direct: [Subject: [Grant]] = [:]
    var missing: [Subject: [ObjectReference]] = [:]
    for binding in fleet.roleBindings.sorted(by: { $0.id < $1.id }) {
      let holders = Set(binding.subjects.compactMap { $0.canonical(in: binding) })
      let grants = roles.grants(of: binding)
      for holder in holders {
        if let grants { direct[holder, default: []] += grants } else { missing[holder, default: []].append(binding.id) }
      }
    }
    let accounts =
      fleet.serviceAccounts.map { Subject(kind: .serviceAccount, namespace: $0.id.namespace, name: $0.id.name) }
      + fleet.workloads.map {
        Subject(kind: .serviceAccount, namespace: $0.id.namespace, name: $0.pod.serviceAccount)
      }
    self.direct = direct
    self.missing = missing
    self.roles = roles.written
    subjects = Set(accounts).union(direct.keys).union(missing.keys).sorted()
  }

  /// A role of the input; nil for built-in ones.
  package func role(_ id: ObjectReference) -> Role? { roles[id] }

  /// What a subject may do. Of a user only the groups that every user is in are known; a group's rights are what every
  /// member has.
  package func rights(of subject: Subject) -> SubjectRights {
    let holders = [subject] + subject.impliedGroups.map { Subject(kind: .group, name: $0) }
    let lists = holders.compactMap { direct[$0] }.filter { !$0.isEmpty }
    var grants = lists.count == 1 ? lists[0] : lists.flatMap(\.self)
    if lists.count > 1 {
      let order = grants.enumerated().sorted {
        ($0.element.binding, $0.element.role, $0.offset) < ($1.element.binding, $1.element.role, $1.offset)
      }
      grants = order.map(\.element)
    }
    if subject == .masters { grants.insert(contentsOf: Self.mastersGrants, at: 0) }
    let unresolved = holders.flatMap { missing[$0] ?? [] }
    return SubjectRights(
      subject: subject, grants: grants, unresolved: unresolved.count > 1 ? Set(unresolved).sorted() : unresolved)
  }

  /// The API server lets this group do everything before it asks any authorizer.
  private static let mastersGrants: [Grant] = {
    let role = ObjectReference(kind: "ClusterRole", namespace: "", name: "cluster-admin")
    let binding = ObjectReference(kind: "ClusterRoleBinding", namespace: "", name: "cluster-admin")
    return (BuiltInRoles.role(named: role.name)?.rules ?? []).map {
      Grant(
        rule: $0, namespace: nil, role: role, binding: binding, location: BuiltInRoles.location, isBuiltIn: true)
    }
  }()
}

/// Roles by reference, with what they collect by aggregation.
private struct RoleTable {
  let written: [ObjectReference: Role]
  private let clusterRoles: [Role]

  /// - Parameter isAsked: false where no binding asks what a role collects.
  init(_ roles: [Role], isAsked: Bool) {
    let written = Dictionary(roles.map { ($0.id, $0) }) { first, _ in first }
    self.written = written
    guard isAsked else {
      clusterRoles = []
      return
    }
    clusterRoles =
      (written.values.filter { $0.id.kind == "ClusterRole" } + BuiltInRoles.all.filter { written[$0.id] == nil })
      .sorted { $0.id < $1.id }
  }

  /// What a binding gives to each of its subjects; nil when its role is not known.
  func grants(of binding: RoleBinding) -> [Grant]? {
    let isCluster = binding.id.kind == "ClusterRoleBinding"
    let namespace = binding.roleKind == "ClusterRole" ? "" : binding.id.namespace
    let id = ObjectReference(kind: binding.roleKind, namespace: namespace, name: binding.roleName)
    if isCluster, binding.roleKind != "ClusterRole" { return nil }
    guard let role = written[id] ?? (binding.roleKind == "ClusterRole" ? BuiltInRoles.role(named: id.name) : nil)
    else { return nil }
    return collected(from: role).flatMap { source in
      source.rules.map {
        Grant(
          rule: $0, namespace: isCluster ? nil : binding.id.namespace, role: id, binding: binding.id,
          location: binding.location, writtenIn: source.id, isBuiltIn: written[source.id] == nil)
      }
    }
  }

  /// The role itself and the cluster roles that it collects, those that these collect, and so on.
  ///
  /// The control plane overwrites an aggregating role's own rules by what it collects. They count here all the same: a
  /// role taken from a cluster bears its collected rules while its parts may be missing from the input.
  private func collected(from role: Role) -> [Role] {
    guard role.id.kind == "ClusterRole", !role.aggregates.isEmpty else { return [role] }
    var found = [role]
    var seen: Set<ObjectReference> = [role.id]
    var next = 0
    while next < found.count {
      let selectors = found[next].aggregates
      next += 1
      guard !selectors.isEmpty else { continue }
      for other in clusterRoles
      where !seen.contains(other.id) && selectors.contains(where: { $0.matches(other.labels) }) {
        seen.insert(other.id)
        found.append(other)
      }
    }
    return found
  }
}
