import FleetModel

/// `rbac.authorization.k8s.io`.
enum AccessReader {
  static func role(_ root: Field, _ id: ObjectReference) -> Role {
    var role = Role(id: id, location: root.location)
    role.labels = NamedObjectReader.labels(root["metadata"])
    role.rules = (root["rules"]?.elements ?? []).map { rule in
      PolicyRule(
        verbs: rule["verbs"]?.strings ?? [], apiGroups: rule["apiGroups"]?.strings ?? [],
        resources: rule["resources"]?.strings ?? [], resourceNames: rule["resourceNames"]?.strings ?? [],
        nonResourceURLs: rule["nonResourceURLs"]?.strings ?? [])
    }
    if let aggregation = root["aggregationRule"] {
      role.aggregates = (aggregation["clusterRoleSelectors"]?.elements ?? []).map(SelectorReader.selector)
    }
    return role
  }

  static func binding(_ root: Field, _ id: ObjectReference) -> RoleBinding {
    var binding = RoleBinding(id: id, location: root.location)
    let role = root["roleRef"]
    binding.roleName = role?["name"]?.string ?? ""
    binding.roleKind =
      role?["kind"]?.oneOf(RoleKind.self, "Role, ClusterRole")?.rawValue
      ?? (id.kind == "ClusterRoleBinding" ? "ClusterRole" : "Role")
    if binding.roleName.isEmpty { root.problem("roleRef names no role", fix: "add roleRef.kind and roleRef.name") }
    binding.subjects = (root["subjects"]?.elements ?? []).compactMap { subject($0, namespace: id.namespace) }
    return binding
  }

  private enum RoleKind: String { case Role, ClusterRole }

  private static func subject(_ field: Field, namespace: String) -> Subject? {
    guard let name = field["name"]?.string, !name.isEmpty else {
      field.problem("the subject has no name and is left out", fix: "give it a name")
      return nil
    }
    guard let kind = field["kind"]?.oneOf(Subject.Kind.self, "User, Group, ServiceAccount") else {
      if field["kind"] == nil { field.problem("the subject has no kind and is left out", fix: "add it") }
      return nil
    }
    guard kind == .serviceAccount else { return Subject(kind: kind, name: name) }
    let written = field["namespace"]?.string ?? ""
    if written.isEmpty {
      field.problem("the service account's namespace is missing; Kubernetes refuses it", fix: "add namespace")
    }
    let own = namespace.isEmpty ? "default" : namespace
    return Subject(kind: .serviceAccount, namespace: written.isEmpty ? own : written, name: name)
  }
}
