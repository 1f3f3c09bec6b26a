import Diagnostics
import FleetModel

/// What the NetworkPolicies that select a pod admit together: traffic passes when any rule of any of them admits it.
struct PolicyReach {
  enum Who: Equatable {
    case nobody, some, everyone
  }
  private let policies: [NetworkPolicy]
  private let workload: Workload

  /// - Parameter policies: those that select the workload.
  init(_ policies: [NetworkPolicy], _ workload: Workload) {
    self.policies = policies
    self.workload = workload
  }

  var governsIngress: Bool { policies.contains(where: \.governsIngress) }
  var governsEgress: Bool { policies.contains(where: \.governsEgress) }
  /// Where the first of them is.
  var first: SourceLocation? { policies.first?.location }

  private var ingressRules: [NetworkPolicy.Rule] { policies.filter(\.governsIngress).flatMap(\.ingress) }
  private var egressRules: [NetworkPolicy.Rule] { policies.filter(\.governsEgress).flatMap(\.egress) }

  /// Something gets in or out at all: a pod that is cut off on purpose stays cut off in a mesh.
  var admitsAnyIngress: Bool { !ingressRules.isEmpty }
  var admitsAnyEgress: Bool { !egressRules.isEmpty }
  /// Not everyone may reach every port.
  var restrictsIngress: Bool { !ingressRules.contains { $0.ports.isEmpty && isEveryone($0.peers) } }

  func ingress(_ port: Int, _ transport: Transport) -> Who {
    governsIngress ? who(ingressRules, port, transport, namedPorts: true) : .everyone
  }
  /// Named ports of egress rules are the peers': they never name a control plane's.
  func egress(_ port: Int, _ transport: Transport) -> Who {
    governsEgress ? who(egressRules, port, transport, namedPorts: false) : .everyone
  }

  /// Whether TCP from an IPv4 address outside the pod network gets in; pod selectors never match it.
  func admitsAddress(_ address: [UInt8], port: Int) -> Bool {
    guard governsIngress else { return true }
    return ingressRules.contains { rule in
      guard admits(rule.ports, port, .tcp, namedPorts: true) else { return false }
      return rule.peers.isEmpty
        || rule.peers.contains { peer in
          guard case .block(let cidr, let except) = peer else { return false }
          return CIDR4(cidr)?.contains(address) ?? false && !except.contains { CIDR4($0)?.contains(address) ?? false }
        }
    }
  }

  private func who(_ rules: [NetworkPolicy.Rule], _ port: Int, _ transport: Transport, namedPorts: Bool) -> Who {
    let matching = rules.filter { admits($0.ports, port, transport, namedPorts: namedPorts) }
    if matching.isEmpty { return .nobody }
    return matching.contains { isEveryone($0.peers) } ? .everyone : .some
  }

  private func admits(
    _ ports: [NetworkPolicy.Port], _ port: Int, _ transport: Transport, namedPorts: Bool
  ) -> Bool {
    ports.isEmpty
      || ports.contains { candidate in
        guard candidate.transport == transport else { return false }
        switch candidate.number {
        case .all: return true
        case .range(let low, let high): return low <= port && port <= high
        case .named(let name):
          guard namedPorts else { return false }
          return workload.pod.containers.contains { container in
            container.ports.contains { $0.name == name && $0.port == port && $0.transport == transport }
          }
        }
      }
  }

  private func isEveryone(_ peers: [NetworkPolicy.Peer]) -> Bool {
    peers.isEmpty
      || peers.contains { peer in
        switch peer {
        case .block(let cidr, let except): except.isEmpty && ["0.0.0.0/0", "::/0"].contains(cidr)
        case .pods(let namespaces, let pods):
          (namespaces?.requirements.isEmpty ?? false) && (pods?.requirements.isEmpty ?? true)
        }
      }
  }

  /// A policy to be added beside the existing ones: policies add up.
  func patch(ingress: String? = nil, egress: String? = nil) -> String {
    let labels = workload.podLabels.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
    let (key, type, rules) = ingress.map { ("ingress", "Ingress", $0) } ?? ("egress", "Egress", egress ?? "")
    let body = rules.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    return """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: \(workload.id.name)-mesh-\(key), namespace: \(workload.id.namespace)}
      spec:
        podSelector: {matchLabels: {\(labels.joined(separator: ", "))}}
        policyTypes: [\(type)]
        \(key):
      \(body)
      """
  }
}

/// An IPv4 address range.
struct CIDR4 {
  private let network: UInt32
  private let mask: UInt32

  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1)
    let octets = parts.first.map { $0.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) } } ?? []
    guard octets.count == 4, octets.allSatisfy({ $0 != nil }) else { return nil }
    let bits = parts.count == 2 ? Int(parts[1]) : 32
    guard let bits, (0...32).contains(bits) else { return nil }
    mask = bits == 0 ? 0 : UInt32.max << UInt32(32 - bits)
    network = Self.number(octets.compactMap(\.self)) & mask
  }

  func contains(_ address: [UInt8]) -> Bool { Self.number(address) & mask == network }

  private static func number(_ octets: [UInt8]) -> UInt32 { octets.reduce(0) { $0 << 8 | UInt32($1) } }
}
