package import FleetModel

/// A role's rules without certain requests: the patch that closes a vector and leaves the rest as it is.
package enum RoleNarrowing {
  /// Nil where a wildcard would have to be spelt out, where nothing changes, or where the role is too long for a patch
  /// that people read.
  package static func rules(of role: Role, without requests: [AccessRequest]) -> [PolicyRule]? {
    guard role.rules.count <= 50, role.aggregates.isEmpty else { return nil }
    var result: [PolicyRule] = []
    var changed = false
    for rule in role.rules {
      let offending = requests.filter { rule.allows($0.verb, $0.resource, group: $0.group, name: nil) }
      if offending.isEmpty {
        result.append(rule)
        continue
      }
      if rule.isWildcard { return nil }
      changed = true
      result += split(rule, offending)
    }
    return changed ? result : nil
  }

  /// Resources with the same verbs left stay together.
  private static func split(_ rule: PolicyRule, _ offending: [AccessRequest]) -> [PolicyRule] {
    var parts: [(verbs: [String], resources: [String])] = []
    for resource in rule.resources {
      let verbs = rule.verbs.filter { verb in !offending.contains { $0.verb == verb && $0.resource == resource } }
      if verbs.isEmpty { continue }
      if let index = parts.firstIndex(where: { $0.verbs == verbs }) {
        parts[index].resources.append(resource)
      } else {
        parts.append((verbs, [resource]))
      }
    }
    return parts.map {
      PolicyRule(
        verbs: $0.verbs, apiGroups: rule.apiGroups, resources: $0.resources, resourceNames: rule.resourceNames)
    }
  }
}
