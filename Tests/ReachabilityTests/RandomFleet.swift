import Diagnostics
import FleetModel
import TestSupport

/// Small fleets in which every feature of the policies meets every other one.
struct RandomFleet {
  private var random: SplitMix64
  private let namespaces = ["a", "b", "c"]
  private let keys = ["app", "tier", "odd"]
  private let values = ["x", "y", "z"]
  private let portNames = ["http", "dns", "none"]
  static let blocks = [
    "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "::/0",
    "192.168.0.0/16", "128.0.0.0/1", "fd00::/8", "2001:db8::/32", "2001:db8:1::/48", "169.254.169.254/32",
  ]

  init(seed: UInt64) { random = SplitMix64(seed) }

  mutating func make(admin: Bool) -> Fleet {
    let pods = (0..<(2 + random.below(5))).map { randomPod("p\($0)") }
    let policies = (0..<random.below(5)).map { randomPolicy("n\($0)") }
    var written: [String: [String: String]] = [:]
    for name in namespaces where random.chance(60) { written[name] = randomLabels() }
    var result = fleet(pods, policies, namespaces: written)
    if admin {
      result.adminPolicies = (0..<random.below(4)).map { randomAdmin("admin\($0)", priority: $0 * 10) }
      if random.chance(50) { result.adminPolicies.append(randomAdmin("default", priority: nil)) }
    }
    return result
  }

  private mutating func randomLabels() -> [String: String] {
    var labels: [String: String] = [:]
    for key in keys where random.chance(60) { labels[key] = random.pick(values) }
    return labels
  }

  private mutating func randomPod(_ name: String) -> Workload {
    var ports: [ContainerPort] = []
    for name in portNames.dropLast() where random.chance(60) {
      ports.append(
        ContainerPort(name: name, port: random.pick([53, 80, 8080]), transport: random.pick([.tcp, .udp, .sctp])))
    }
    return pod(
      name, in: random.pick(namespaces), randomLabels(), ports: ports, kind: random.pick(["Deployment", "Pod"]),
      hostNetwork: random.chance(15))
  }

  private mutating func selector(metadata: Bool = false) -> LabelSelector {
    let count = random.pick([0, 0, 1, 1, 1, 2])
    return LabelSelector(
      (0..<count).map { _ in
        if metadata, random.chance(50) {
          return .init(
            key: "kubernetes.io/metadata.name", operation: .isIn, values: [random.pick(namespaces + ["nowhere"])])
        }
        let operation = random.pick([LabelSelector.Operation.isIn, .isIn, .notIn, .exists, .absent])
        let chosen = (0..<random.below(3)).map { _ in random.pick(values + ["nobody"]) }
        let needsValues = operation == .isIn || operation == .notIn
        return .init(key: random.pick(keys + ["never"]), operation: operation, values: needsValues ? chosen : [])
      })
  }

  private mutating func ports() -> [NetworkPolicy.Port] {
    (0..<random.pick([0, 1, 1, 2, 3])).map { _ in
      let transport = random.pick([Transport.tcp, .tcp, .udp, .sctp])
      let number: NetworkPolicy.Port.Number =
        switch random.below(5) {
        case 0: .all
        case 1: .named(random.pick(portNames))
        case 2: .range(random.pick([1, 50, 80]), random.pick([80, 90, 65_535]))
        default:
          { (port: Int) in .range(port, port) }(random.pick([53, 80, 443, 8080]))
        }
      return NetworkPolicy.Port(transport: transport, number: number)
    }
  }

  private mutating func rules() -> [NetworkPolicy.Rule] {
    (0..<random.below(4)).map { _ in
      let peers = (0..<random.pick([0, 1, 1, 2])).map { _ -> NetworkPolicy.Peer in
        if random.chance(35) {
          let block = random.pick(Self.blocks)
          let isV6 = block.contains(":")
          let inner = Self.blocks.filter { $0.contains(":") == isV6 }
          return .block(cidr: block, except: (0..<random.pick([0, 0, 1, 2])).map { _ in random.pick(inner) })
        }
        switch random.below(3) {
        case 0: return .pods(namespaces: nil, pods: selector())
        case 1: return .pods(namespaces: selector(metadata: true), pods: nil)
        default: return .pods(namespaces: selector(metadata: true), pods: selector())
        }
      }
      return NetworkPolicy.Rule(peers: peers, ports: ports())
    }
  }

  private mutating func randomPolicy(_ name: String) -> NetworkPolicy {
    policy(
      name, in: random.pick(namespaces), selects: selector(), ingress: random.chance(70) ? rules() : nil,
      egress: random.chance(60) ? rules() : nil)
  }

  mutating func otherPolicy(_ name: String) -> NetworkPolicy { randomPolicy(name) }

  private mutating func randomAdmin(_ name: String, priority: Int?) -> AdminNetworkPolicy {
    func peer() -> AdminNetworkPolicy.Peer {
      random.chance(50)
        ? .init(.namespaces(selector(metadata: true)))
        : .init(.pods(namespaces: selector(metadata: true), pods: selector()))
    }
    func rules(egress: Bool) -> [AdminNetworkPolicy.Rule] {
      (0..<random.below(4)).map { _ in
        var peers = (0..<(1 + random.below(2))).map { _ in peer() }
        if egress, random.chance(30) { peers.append(.init(.networks([random.pick(Self.blocks)]))) }
        let actions: [AdminNetworkPolicy.Action] = priority == nil ? [.allow, .deny] : [.allow, .deny, .pass]
        return .init(action: random.pick(actions), peers: peers, ports: random.chance(50) ? nil : ports())
      }
    }
    var policy = AdminNetworkPolicy(
      id: ObjectReference(
        kind: priority == nil ? "BaselineAdminNetworkPolicy" : "AdminNetworkPolicy", namespace: "", name: name),
      location: SourceLocation(file: "admin.yaml", line: 3), subject: peer())
    policy.priority = priority
    policy.ingress = rules(egress: false)
    policy.egress = rules(egress: true)
    return policy
  }
}
