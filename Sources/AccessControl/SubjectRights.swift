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

  package init(
    rule: PolicyRule, namespace: String?, role: ObjectReference, binding: ObjectReference, location: SourceLocation
  ) {
    self.rule = rule
    self.namespace = namespace
    self.role = role
    self.binding = binding
    self.location = location
  }
}

/// Everything one subject may do: its own grants and those of the groups it is in.
package struct SubjectRights: Sendable, Equatable {
  package var subject: Subject
  /// Sorted by binding, role and rule.
  package var grants: [Grant]
  /// Bindings whose role is not in the input: what they grant is unknown.
  package var unresolved: [ObjectReference]

  package init(subject: Subject, grants: [Grant], unresolved: [ObjectReference] = []) {
    self.subject = subject
    self.grants = grants
    self.unresolved = unresolved
  }

  /// The grants that allow a request, by the authorizer's rules (kubernetes, `plugin/pkg/auth/authorizer/rbac`).
  ///
  /// - Parameters:
  ///   - resource: plural, with a subresource after a slash (`pods/exec`).
  ///   - namespace: nil asks whether it is allowed anywhere.
  ///   - name: nil asks for any name: a rule limited to names counts too.
  package func grants(
    allowing verb: String, _ resource: String, group: String = "", namespace: String? = nil, name: String? = nil
  ) -> [Grant] {
    grants.filter { grant in
      guard namespace == nil || grant.namespace == nil || grant.namespace == namespace else { return false }
      return grant.rule.allows(verb, resource, group: group, name: name)
    }
  }

  package func may(
    _ verb: String, _ resource: String, group: String = "", namespace: String? = nil, name: String? = nil
  ) -> Bool {
    !grants(allowing: verb, resource, group: group, namespace: namespace, name: name).isEmpty
  }
}

extension PolicyRule {
  /// `*` as a resource covers subresources; `*/scale` covers that subresource of everything; `pods` does not cover
  /// `pods/exec`.
  package func allows(_ verb: String, _ resource: String, group: String, name: String?) -> Bool {
    guard verbs.contains("*") || verbs.contains(verb) else { return false }
    guard apiGroups.contains("*") || apiGroups.contains(group) else { return false }
    guard resources.contains(where: { $0 == "*" || $0 == resource || Self.anyParent($0, resource) }) else {
      return false
    }
    guard let name, !resourceNames.isEmpty else { return true }
    return resourceNames.contains(name)
  }

  private static func anyParent(_ pattern: String, _ resource: String) -> Bool {
    guard pattern.hasPrefix("*/"), let slash = resource.firstIndex(of: "/") else { return false }
    return resource[slash...] == pattern.dropFirst()
  }
}
