import Diagnostics
import FleetModel
import TestSupport

@testable import Twin

/// Small random fleets with policies of every form, the same for the same seed.
struct PolicyFixture {
  var pods: [PolicyPod] = []
  var namespaces: [String: [String: String]] = ["red": ["team": "x"], "blue": ["team": "y"], "bare": [:]]
  var policies: [NetworkPolicy] = []
  var own: [String: [NetworkPolicy]] = [:]
  static let ports = [80, 81, 8080, 9000]

  init(seed: UInt64, podCount: Int, policyCount: Int) {
    var random = SplitMix64(seed)
    for index in 0..<podCount {
      let node = index % 2 + 1
      var labels: [String: String] = [:]
      if Bool.random(using: &random) { labels["app"] = ["web", "db", "api"].randomElement(using: &random) }
      if Bool.random(using: &random) { labels["tier"] = ["one", "two"].randomElement(using: &random) }
      let named = ["http", "admin"].filter { _ in Bool.random(using: &random) }.map {
        PolicyPod.NamedPort(name: $0, port: Self.ports.randomElement(using: &random) ?? 80)
      }
      pods.append(
        PolicyPod(
          id: "p\(index)", address: IPv4Address(10, 244, UInt8(node), UInt8(2 + index / 2)),
          namespace: ["red", "blue", "bare"].randomElement(using: &random) ?? "red", labels: labels,
          node: "node-\(node)", namedPorts: named))
    }
    for index in 0..<policyCount { policies.append(Self.policy(index, &random)) }
    if let lucky = pods.randomElement(using: &random), Bool.random(using: &random) {
      own[lucky.id] = [Self.policy(policyCount, &random)]
    }
  }

  private static func policy(_ index: Int, _ random: inout SplitMix64) -> NetworkPolicy {
    var policy = NetworkPolicy(
      id: ObjectReference(
        kind: "NetworkPolicy", namespace: ["red", "blue", "bare"].randomElement(using: &random) ?? "red",
        name: "policy-\(index)"), location: SourceLocation(file: "test", line: 1))
    policy.podSelector = selector(&random)
    policy.governsIngress = Bool.random(using: &random)
    policy.governsEgress = Bool.random(using: &random)
    policy.ingress = (0..<Int.random(in: 0...2, using: &random)).map { _ in rule(&random) }
    policy.egress = (0..<Int.random(in: 0...2, using: &random)).map { _ in rule(&random) }
    return policy
  }

  private static func rule(_ random: inout SplitMix64) -> NetworkPolicy.Rule {
    NetworkPolicy.Rule(
      peers: (0..<Int.random(in: 0...2, using: &random)).map { _ in peer(&random) },
      ports: (0..<Int.random(in: 0...2, using: &random)).map { _ in port(&random) })
  }

  private static func peer(_ random: inout SplitMix64) -> NetworkPolicy.Peer {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: return .block(cidr: "10.244.1.0/24", except: Bool.random(using: &random) ? ["10.244.1.3/32"] : [])
    case 1: return .block(cidr: "0.0.0.0/0", except: ["10.244.2.0/30", "10.244.1.4/31"])
    case 2: return .block(cidr: "198.51.100.0/24", except: [])
    case 3: return .pods(namespaces: namespaceSelector(&random), pods: nil)
    case 4: return .pods(namespaces: namespaceSelector(&random), pods: selector(&random))
    default: return .pods(namespaces: nil, pods: selector(&random))
    }
  }

  private static func port(_ random: inout SplitMix64) -> NetworkPolicy.Port {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: NetworkPolicy.Port(number: .all)
    case 1: NetworkPolicy.Port(number: .named(Bool.random(using: &random) ? "http" : "admin"))
    case 2: NetworkPolicy.Port(number: .range(80, 81))
    case 3: NetworkPolicy.Port(transport: .udp, number: .range(80, 9000))
    case 4: NetworkPolicy.Port(number: .range(8080, 8080))
    default: NetworkPolicy.Port(number: .range(81, 8999))
    }
  }

  private static func selector(_ random: inout SplitMix64) -> LabelSelector {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: LabelSelector()
    case 1: LabelSelector([.init(key: "app", operation: .isIn, values: ["web", "api"])])
    case 2: LabelSelector([.init(key: "app", operation: .notIn, values: ["web"])])
    case 3: LabelSelector([.init(key: "tier", operation: .exists)])
    case 4:
      LabelSelector([.init(key: "tier", operation: .absent), .init(key: "app", operation: .isIn, values: ["db"])])
    default: LabelSelector([.init(key: "app", operation: .isIn, values: ["db"])])
    }
  }

  private static func namespaceSelector(_ random: inout SplitMix64) -> LabelSelector {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: LabelSelector()
    case 1: LabelSelector([.init(key: "team", operation: .isIn, values: ["x"])])
    case 2: LabelSelector([.init(key: "kubernetes.io/metadata.name", operation: .isIn, values: ["bare", "blue"])])
    default: LabelSelector([.init(key: "team", operation: .absent)])
    }
  }
}

/// NetworkPolicy semantics written down a second time, connection by connection, without any sets of addresses.
struct BruteForce {
  let fixture: PolicyFixture

  func allows(
    from source: PolicyPod?, _ sourceText: String, to target: PolicyPod?, _ targetText: String, port: Int,
    transport: Transport
  ) -> Bool {
    if sourceText == targetText { return true }
    if let source {
      let governing = policies(of: source).filter(\.governsEgress)
      let rules = governing.flatMap { policy in policy.egress.map { (policy, $0) } }
      let ok = rules.contains { policy, rule in
        peerMatches(rule, policy, target, targetText) && portMatches(rule, target, port, transport)
      }
      if !governing.isEmpty && !ok { return false }
    }
    if let target {
      let governing = policies(of: target).filter(\.governsIngress)
      let rules = governing.flatMap { policy in policy.ingress.map { (policy, $0) } }
      let ok = rules.contains { policy, rule in
        peerMatches(rule, policy, source, sourceText) && portMatches(rule, target, port, transport)
      }
      if !governing.isEmpty && !ok { return false }
    }
    return true
  }

  private func policies(of pod: PolicyPod) -> [NetworkPolicy] {
    fixture.policies.filter { $0.id.namespace == pod.namespace && selects($0.podSelector, pod.labels) }
      + (fixture.own[pod.id] ?? [])
  }

  private func peerMatches(
    _ rule: NetworkPolicy.Rule, _ policy: NetworkPolicy, _ pod: PolicyPod?, _ address: String
  ) -> Bool {
    if rule.peers.isEmpty { return true }
    for peer in rule.peers {
      switch peer {
      case .block(let cidr, let except):
        if inside(address, cidr) && !except.contains(where: { inside(address, $0) }) { return true }
      case .pods(let namespaces, let pods):
        guard let pod else { continue }
        var labels = fixture.namespaces[pod.namespace] ?? [:]
        labels["kubernetes.io/metadata.name"] = pod.namespace
        let namespaceOK = namespaces == nil ? pod.namespace == policy.id.namespace : selects(namespaces!, labels)
        if namespaceOK && (pods == nil || selects(pods!, pod.labels)) { return true }
      }
    }
    return false
  }

  private func portMatches(_ rule: NetworkPolicy.Rule, _ target: PolicyPod?, _ port: Int, _ transport: Transport)
    -> Bool
  {
    if rule.ports.isEmpty { return true }
    return rule.ports.contains { candidate in
      guard candidate.transport == transport else { return false }
      switch candidate.number {
      case .all: return true
      case .range(let low, let high): return port >= low && port <= high
      case .named(let name):
        return (target?.namedPorts ?? []).contains { $0.name == name && $0.transport == transport && $0.port == port }
      }
    }
  }

  private func selects(_ selector: LabelSelector, _ labels: [String: String]) -> Bool {
    for requirement in selector.requirements {
      switch requirement.operation {
      case .isIn:
        if labels[requirement.key] == nil || !requirement.values.contains(labels[requirement.key]!) { return false }
      case .notIn: if let value = labels[requirement.key], requirement.values.contains(value) { return false }
      case .exists: if labels[requirement.key] == nil { return false }
      case .absent: if labels[requirement.key] != nil { return false }
      }
    }
    return true
  }

  /// Bit by bit from the text.
  private func inside(_ address: String, _ cidr: String) -> Bool {
    func bits(_ text: Substring) -> String {
      text.split(separator: ".").map { part in
        let digits = String(Int(part)!, radix: 2)
        return String(repeating: "0", count: 8 - digits.count) + digits
      }.joined()
    }
    let parts = cidr.split(separator: "/")
    return bits(Substring(address)).hasPrefix(bits(parts[0]).prefix(Int(parts[1])!))
  }
}
