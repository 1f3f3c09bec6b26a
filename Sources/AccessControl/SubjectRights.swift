package import Diagnostics
package import FleetModel

/// One rule that a subject holds, and through which role and binding.
package struct Grant: Sendable, Equatable {
  package var rule: PolicyRule
  /// Where it holds; nil means in every namespace and for cluster-scoped resources too.
  package var namespace: String?
  package var role: ObjectReference
  package var binding: ObjectReference
  /// The binding's place: what people change to take the right away.
  package var location: SourceLocation
  /// The role in which the rule is written: another one than `role` where that collects others by aggregation.
  package var writtenIn: ObjectReference
  /// That role comes with Kubernetes and is not in the input.
  package var isBuiltIn: Bool

  package init(
    rule: PolicyRule, namespace: String?, role: ObjectReference, binding: ObjectReference, location: SourceLocation,
    writtenIn: ObjectReference? = nil, isBuiltIn: Bool = false
  ) {
    self.rule = rule
    self.namespace = namespace
    self.role = role
    self.binding = binding
    self.location = location
    self.writtenIn = writtenIn ?? role
    self.isBuiltIn = isBuiltIn
  }
}

/// Everything one subject may do: its own grants and those of the groups it is in.
package struct SubjectRights: Sendable, Equatable {
  package var subject: Subject
  /// Sorted by binding and role, then in the order in which the rules are written.
  package var grants: [Grant]
  /// Bindings whose role is neither in the input nor built in: what they grant is unknown. Sorted.
  package var unresolved: [ObjectReference]

  package init(subject: Subject, grants: [Grant], unresolved: [ObjectReference] = []) {
    self.subject = subject
    self.grants = grants
    self.unresolved = unresolved
  }

  /// A subject of the system itself, which holds such rights in every cluster: no finding by default.
  package var isBuiltIn: Bool { subject.isBuiltIn(grants: grants) }

  /// The grants that allow a request, by the authorizer's rules (kubernetes, `plugin/pkg/auth/authorizer/rbac`).
  ///
  /// A grant through a RoleBinding never allows a cluster-scoped resource.
  ///
  /// - Parameters:
  ///   - resource: plural, with a subresource after a slash (`pods/exec`).
  ///   - namespace: nil asks whether it is allowed anywhere.
  ///   - name: nil asks for any name: a rule limited to names counts too, where a request can carry a name at all.
  package func grants(
    allowing verb: String, _ resource: String, group: String = "", namespace: String? = nil, name: String? = nil
  ) -> [Grant] {
    let needsCluster = ResourceScope.isCluster(resource, group: group, verb: verb)
    return grants.filter { grant in
      if needsCluster, grant.namespace != nil { return false }
      guard namespace == nil || grant.namespace == nil || grant.namespace == namespace else { return false }
      return grant.rule.allows(verb, resource, group: group, name: name)
    }
  }

  /// The grants that allow a request for a path of the API server that is no resource, such as `/metrics`; RoleBindings
  /// give no such right.
  package func grants(allowing verb: String, path: String) -> [Grant] {
    grants.filter { $0.namespace == nil && $0.rule.allows(verb, path: path) }
  }

  package func may(
    _ verb: String, _ resource: String, group: String = "", namespace: String? = nil, name: String? = nil
  ) -> Bool {
    !grants(allowing: verb, resource, group: group, namespace: namespace, name: name).isEmpty
  }

  /// The grant that makes the subject an administrator of everything, as `cluster-admin` does.
  package var everything: Grant? {
    grants.first { grant in
      grant.namespace == nil && grant.rule.resourceNames.isEmpty && grant.rule.verbs.contains("*")
        && grant.rule.apiGroups.contains("*") && grant.rule.resources.contains("*")
    }
  }
}

extension PolicyRule {
  /// `*` as a resource covers subresources; `*/scale` covers that subresource of everything; `pods` does not cover
  /// `pods/exec`.
  ///
  /// A request to create an object or to delete a collection carries no name, so that a rule limited to names never
  /// allows it. (`list` and `watch` carry one when they select `metadata.name`.)
  package func allows(_ verb: String, _ resource: String, group: String, name: String?) -> Bool {
    guard verbs.contains("*") || verbs.contains(verb) else { return false }
    guard apiGroups.contains("*") || apiGroups.contains(group) else { return false }
    guard resources.contains(where: { $0 == "*" || $0 == resource || Self.anyParent($0, resource) }) else {
      return false
    }
    if resourceNames.isEmpty { return true }
    if verb == "deletecollection" || (verb == "create" && !resource.utf8.contains(UInt8(ascii: "/"))) { return false }
    return name.map(resourceNames.contains) ?? true
  }

  /// `*` covers every path, `/healthz/*` all below it.
  package func allows(_ verb: String, path: String) -> Bool {
    guard verbs.contains("*") || verbs.contains(verb) else { return false }
    return nonResourceURLs.contains { pattern in
      if pattern == "*" || pattern == path { return true }
      guard pattern.hasSuffix("*") else { return false }
      var prefix = pattern[...]
      while prefix.last == "*" { prefix.removeLast() }
      return path.utf8.starts(with: prefix.utf8)
    }
  }

  private static func anyParent(_ pattern: String, _ resource: String) -> Bool {
    guard pattern.hasPrefix("*/"), let slash = resource.firstIndex(of: "/") else { return false }
    return resource[slash...] == pattern.dropFirst()
  }
}
