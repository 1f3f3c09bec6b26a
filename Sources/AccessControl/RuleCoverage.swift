package import FleetModel

extension PolicyRule {
  var isWildcard: Bool { verbs.contains("*") || apiGroups.contains("*") || resources.contains { $0.hasPrefix("*") } }

  /// A request by it may carry no namespace.
  var isClusterScoped: Bool {
    resources.contains { resource in
      apiGroups.contains { ResourceScope.isCluster(resource, group: $0, verb: verbs.first ?? "") }
    }
  }

  /// Everything that the other rule allows is allowed by this one alone.
  package func covers(_ other: PolicyRule) -> Bool {
    if !other.nonResourceURLs.isEmpty || other.resources.isEmpty {
      return !other.verbs.isEmpty && !other.nonResourceURLs.isEmpty
        && other.nonResourceURLs.allSatisfy { path in
          other.verbs.allSatisfy { allows($0, path: path) }
        }
    }
    return Self.includes(verbs, other.verbs) && Self.includes(apiGroups, other.apiGroups)
      && other.resources.allSatisfy(coversResource)
      && (resourceNames.isEmpty
        || (!other.resourceNames.isEmpty && other.resourceNames.allSatisfy(resourceNames.contains)))
  }

  /// What of this rule the others do not allow even together, resource by resource; itself where it is too large to be
  /// taken apart.
  func remainder(without others: [PolicyRule]) -> [PolicyRule] {
    guard !isWildcard, nonResourceURLs.isEmpty,
      verbs.count * apiGroups.count * resources.count * max(resourceNames.count, 1) <= 2000
    else { return others.contains { $0.covers(self) } ? [] : [self] }
    let names = resourceNames.isEmpty ? [[]] : resourceNames.map { [$0] }
    return resources.compactMap { resource in
      let left = verbs.filter { verb in
        apiGroups.contains { group in
          names.contains { name in
            let atom = PolicyRule(verbs: [verb], apiGroups: [group], resources: [resource], resourceNames: name)
            return !others.contains { $0.covers(atom) }
          }
        }
      }
      if left.isEmpty { return nil }
      return PolicyRule(verbs: left, apiGroups: apiGroups, resources: [resource], resourceNames: resourceNames)
    }
  }

  private func coversResource(_ other: String) -> Bool {
    resources.contains { own in
      own == "*" || own == other
        || (own.hasPrefix("*/") && other.firstIndex(of: "/").map { other[$0...] == own.dropFirst() } ?? false)
    }
  }

  private static func includes(_ own: [String], _ other: [String]) -> Bool {
    own.contains("*") || other.allSatisfy(own.contains)
  }

  /// `get, list pods, pods/log (apps)`, bounded in length.
  package var sentence: String {
    func short(_ list: [String]) -> String {
      list.prefix(8).joined(separator: ", ") + (list.count > 8 ? " and \(list.count - 8) more" : "")
    }
    let things = resources.isEmpty ? nonResourceURLs : resources
    let groups = apiGroups.filter { !$0.isEmpty }
    var text = "\(short(verbs)) \(short(things))"
    if !groups.isEmpty { text += " (\(short(groups)))" }
    if !resourceNames.isEmpty { text += " named \(short(resourceNames))" }
    return text
  }
}
