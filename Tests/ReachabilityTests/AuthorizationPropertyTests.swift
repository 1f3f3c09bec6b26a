import FleetModel
import TestSupport
import Testing

@testable import Reachability

/// Random AuthorizationPolicies, held against an evaluator that looks at one request and knows no "some".
@Suite struct AuthorizationPolicyProperties {
  private struct Request {
    var principal: String?
    var namespace: String?
    var port: Int
    var method: String
    var path: String
  }

  private static let principals = ["cluster.local/ns/shop/sa/web", "cluster.local/ns/shop/*", "*/sa/cart", "*", "none"]
  private static let namespaces = ["shop", "dev", "s*", "*"]

  private static func rule(_ random: inout SplitMix64) -> DocumentValue {
    var entries: [DocumentValue.Entry] = []
    func list(_ values: [String]) -> DocumentValue { .list([.string(random.pick(values))]) }
    func named(_ wrapper: String, _ options: [(String, [String])]) -> DocumentValue {
      .list(
        (0..<(1 + random.below(2))).map { _ in
          var own: [DocumentValue.Entry] = []
          for (key, values) in options where random.chance(35) { own.append(.init(key, list(values))) }
          return .mapping([.init(wrapper, .mapping(own))])
        })
    }
    if random.chance(60) {
      entries.append(
        .init(
          "from",
          named(
            "source",
            [
              ("principals", principals), ("notPrincipals", principals), ("namespaces", namespaces),
              ("notNamespaces", namespaces),
            ])))
    }
    if random.chance(60) {
      entries.append(
        .init(
          "to",
          named(
            "operation",
            [
              ("ports", ["8080", "80*", "9000"]), ("notPorts", ["8080", "9000"]), ("methods", ["GET", "POST"]),
              ("notMethods", ["GET"]), ("paths", ["/a*", "*b", "/x"]), ("notPaths", ["/x"]),
            ])))
    }
    if random.chance(20) {
      entries.append(
        .init(
          "when",
          .list([
            .mapping([
              .init("key", .string("source.namespace")), .init(random.pick(["values", "notValues"]), list(namespaces)),
            ])
          ])))
    }
    return .mapping(entries)
  }

  private static func matches(_ rule: DocumentValue, _ request: Request) -> Bool {
    func test(_ value: DocumentValue?, _ key: String, _ own: String?) -> Bool {
      let opposite = "not" + key.prefix(1).uppercased() + key.dropFirst()
      if let list = value?[key]?.strings, !(own.map { text in list.contains { like(text, $0) } } ?? false) {
        return false
      }
      if let list = value?[opposite]?.strings, own.map({ text in list.contains { like(text, $0) } }) ?? false {
        return false
      }
      return true
    }
    if let from = rule["from"]?.elements,
      !from.contains(where: { entry in
        let source = entry["source"]
        return test(source, "principals", request.principal) && test(source, "namespaces", request.namespace)
      })
    {
      return false
    }
    if let to = rule["to"]?.elements,
      !to.contains(where: { entry in
        let operation = entry["operation"]
        return test(operation, "ports", "\(request.port)") && test(operation, "methods", request.method)
          && test(operation, "paths", request.path)
      })
    {
      return false
    }
    for condition in rule["when"]?.elements ?? [] {
      if let values = condition["values"]?.strings,
        !(request.namespace.map { text in values.contains { like(text, $0) } } ?? false)
      {
        return false
      }
      if let values = condition["notValues"]?.strings,
        request.namespace.map({ text in values.contains { like(text, $0) } }) ?? false
      {
        return false
      }
    }
    return true
  }

  private static func like(_ text: String, _ pattern: String) -> Bool {
    if pattern == "*" { return true }
    if pattern.last == "*" { return text.starts(with: pattern.dropLast()) }
    if pattern.first == "*" { return text.reversed().starts(with: pattern.dropFirst().reversed()) }
    return text == pattern
  }

  private static func allows(_ policies: [CustomObject], _ request: Request) -> Bool {
    func any(_ action: String) -> Bool {
      policies.contains { policy in
        policy.spec["action"]?.string == action
          && (policy.spec["rules"]?.elements ?? []).contains { matches($0, request) }
      }
    }
    if any("DENY") { return false }
    return policies.allSatisfy { $0.spec["action"]?.string != "ALLOW" } || any("ALLOW")
  }

  @Test func agreesWithSingleRequests() {
    var random = SplitMix64(77)
    var seen: [ReachExplanation.Verdict: Int] = [:]
    for _ in 0..<3_000 {
      let policies = (0..<random.below(4)).map { number in
        istio(
          "AuthorizationPolicy", "p\(number)",
          [
            "action": .value(.string(random.pick(["ALLOW", "DENY"]))),
            "rules": .value(.list((0..<random.below(3)).map { _ in Self.rule(&random) })),
          ])
      }
      let shop = Shop("istio", policies)
      for from in ["web", "cart", "stranger"] {
        for port in [8080, 9000] {
          let verdict = shop.verdict(from, port)
          seen[verdict, default: 0] += 1
          let isMember = from != "stranger"
          let outcomes = Set(
            ["GET", "POST", "PUT"].flatMap { method in
              ["/a", "/x", "/ab", "b", "/q"].map { path in
                Self.allows(
                  policies,
                  Request(
                    principal: isMember ? "cluster.local/ns/shop/sa/\(from)" : nil, namespace: isMember ? "shop" : nil,
                    port: port,
                    method: method, path: path))
              }
            })
          switch verdict {
          case .allowed: #expect(outcomes == [true])
          case .refused: #expect(outcomes == [false])
          // It may be that no request of the sample tells the two apart, but never that nothing is looked at.
          case .partly: #expect(policies.contains { IstioRules.wantsRequests($0.spec) })
          case .silent, .unknown: Issue.record("no such answer here")
          }
        }
      }
    }
    #expect(Set(seen.keys) == [.allowed, .refused, .partly])
  }
}
