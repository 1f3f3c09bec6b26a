import FleetModel

/// The rules of one AuthorizationPolicy held against one call.
struct IstioRules {
  private let call: MeshCall
  private let principal: String?
  private let isRead: Bool
  private let isDenying: Bool

  /// - Parameter isRead: the enforcing proxy sees requests, not bytes alone.
  /// - Parameter isDenying: where requests are not seen, a rule that denies loses the conditions on them and so denies
  ///   more; one that allows never matches (istio.io, "TCP Traffic").
  init(_ call: MeshCall, trustDomain: String, isRead: Bool, isDenying: Bool) {
    self.call = call
    principal = call.identity.map { "\(trustDomain)/ns/\($0.namespace)/sa/\($0.account)" }
    self.isRead = isRead
    self.isDenying = isDenying
  }

  func matches(_ spec: DocumentValue) -> MeshMatch { .any((spec["rules"]?.elements ?? []).map(rule)) }

  private func rule(_ rule: DocumentValue) -> MeshMatch {
    var result = MeshMatch.yes
    if let from = rule["from"]?.elements, !from.isEmpty {
      result = result.and(.any(from.map { source($0["source"] ?? .mapping([])) }))
    }
    if let to = rule["to"]?.elements, !to.isEmpty {
      result = result.and(.any(to.map { operation($0["operation"] ?? .mapping([])) }))
    }
    return result.and(.all((rule["when"]?.elements ?? []).map(condition)))
  }

  private func source(_ source: DocumentValue) -> MeshMatch {
    .all([
      identity(source, "principals", principal), identity(source, "namespaces", call.identity?.namespace),
      accounts(source, "serviceAccounts"),
      accounts(source, "notServiceAccounts").negatedUnlessAbsent(source, "notServiceAccounts"),
      blocks(source, "ipBlocks"), request(source, ["requestPrincipals", "remoteIpBlocks"]),
    ])
  }

  /// A list of texts and its `not` twin, matched against something that a caller without an identity lacks.
  private func identity(_ values: DocumentValue, _ key: String, _ own: String?) -> MeshMatch {
    var result = MeshMatch.yes
    if let list = values[key]?.strings, !list.isEmpty { result = MeshMatch(own.map { Self.isIn($0, list) } ?? false) }
    let opposite = "not" + key.prefix(1).uppercased() + key.dropFirst()
    if let list = values[opposite]?.strings, !list.isEmpty {
      result = result.and(MeshMatch(!(own.map { Self.isIn($0, list) } ?? false)))
    }
    return result
  }

  private func accounts(_ values: DocumentValue, _ key: String) -> MeshMatch {
    guard let list = values[key]?.strings, !list.isEmpty else { return .yes }
    guard let identity = call.identity else { return .no }
    return MeshMatch(
      list.contains { text in
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        return parts.count == 2
          ? parts == [identity.namespace, identity.account]
          : text == identity.account && call.workload.id.namespace == identity.namespace
      })
  }

  private func blocks(_ values: DocumentValue, _ key: String) -> MeshMatch {
    var result = MeshMatch.yes
    if let list = values["ipBlocks"]?.strings, !list.isEmpty { result = address(list) }
    if let list = values["notIpBlocks"]?.strings, !list.isEmpty { result = result.and(address(list).negated) }
    return result
  }

  private func address(_ blocks: [String]) -> MeshMatch {
    guard let address = call.addresses.first else {
      return .some(["a source address in \(blocks.joined(separator: ", "))"])
    }
    return MeshMatch(blocks.contains { AddressSet(block: $0)?.contains(address) ?? false })
  }

  /// Conditions on requests, positive and negative.
  private func request(_ values: DocumentValue, _ keys: [String]) -> MeshMatch {
    .all(
      keys.flatMap { [$0, "not" + $0.prefix(1).uppercased() + $0.dropFirst()] }.map { key in
        guard let list = values[key]?.strings, !list.isEmpty else { return .yes }
        return unread("\(key) \(list.joined(separator: ", "))")
      })
  }

  private func unread(_ text: String) -> MeshMatch { isRead ? .some([text]) : isDenying ? .yes : .no }

  private func operation(_ operation: DocumentValue) -> MeshMatch {
    var result = request(operation, ["hosts", "methods", "paths"])
    if let list = operation["ports"]?.strings, !list.isEmpty {
      result = result.and(MeshMatch(Self.isIn("\(call.port)", list)))
    }
    if let list = operation["notPorts"]?.strings, !list.isEmpty {
      result = result.and(MeshMatch(!Self.isIn("\(call.port)", list)))
    }
    return result
  }

  private func condition(_ condition: DocumentValue) -> MeshMatch {
    let key = condition["key"]?.string ?? ""
    let values = condition["values"]?.strings ?? []
    let excluded = condition["notValues"]?.strings ?? []
    func test(_ matches: ([String]) -> MeshMatch) -> MeshMatch {
      (values.isEmpty ? .yes : matches(values)).and(excluded.isEmpty ? .yes : matches(excluded).negated)
    }
    switch key {
    case "source.namespace":
      return test { list in MeshMatch(call.identity.map { Self.isIn($0.namespace, list) } ?? false) }
    case "source.principal": return test { list in MeshMatch(principal.map { Self.isIn($0, list) } ?? false) }
    case "destination.port": return test { MeshMatch(Self.isIn("\(call.port)", $0)) }
    case "source.ip": return test { address($0) }
    case "destination.ip", "connection.sni":
      return test { .some(["\(key) \($0.joined(separator: ", "))"]) }
    default: return unread("\(key) \((values + excluded.map { "not \($0)" }).joined(separator: ", "))")
    }
  }

  /// Exact, `prefix*`, `*suffix`, or `*` for anything that is there (istio.io, AuthorizationPolicy, "Value matching").
  static func isIn(_ text: String, _ patterns: [String]) -> Bool {
    patterns.contains { pattern in
      if pattern == "*" { return !text.isEmpty }
      if pattern.hasSuffix("*") { return text.hasPrefix(pattern.dropLast()) }
      if pattern.hasPrefix("*") { return text.hasSuffix(pattern.dropFirst()) }
      return text == pattern
    }
  }

  static func wantsIdentity(_ spec: DocumentValue) -> Bool {
    mentions(
      spec, sources: ["principals", "namespaces", "serviceAccounts"],
      conditions: ["source.principal", "source.namespace"])
  }

  static func wantsRequests(_ spec: DocumentValue) -> Bool {
    let keys: Set<String> = ["hosts", "methods", "paths", "notHosts", "notMethods", "notPaths"]
    return (spec["rules"]?.elements ?? []).contains { rule in
      (rule["to"]?.elements ?? []).contains { $0["operation"]?.entries.contains { keys.contains($0.key) } ?? false }
        || (rule["when"]?.elements ?? []).contains { $0["key"]?.string?.hasPrefix("request.") ?? false }
    } || mentions(spec, sources: ["requestPrincipals", "notRequestPrincipals"], conditions: [])
  }

  private static func mentions(_ spec: DocumentValue, sources: [String], conditions: [String]) -> Bool {
    (spec["rules"]?.elements ?? []).contains { rule in
      (rule["from"]?.elements ?? []).contains { from in sources.contains { from["source"]?[$0] != nil } }
        || (rule["when"]?.elements ?? []).contains { $0["key"]?.string.map(conditions.contains) ?? false }
    }
  }
}

extension MeshMatch {
  /// A list that is not written excludes nobody.
  fileprivate func negatedUnlessAbsent(_ values: DocumentValue, _ key: String) -> MeshMatch {
    (values[key]?.strings ?? []).isEmpty ? .yes : negated
  }
}
