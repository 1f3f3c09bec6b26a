import FleetModel
import IntentModel

/// Whether a pod may open a TCP connection to an IPv4 address outside the cluster's pods, by the network policies that
/// select it, exactly: admin policies in their order, then network policies, then the baseline.
struct AddressEgress {
  let address: UInt32
  let port: Int

  enum Verdict: Equatable {
    case allowed(by: String)
    case forbidden(by: String)
  }

  func verdict(_ pod: EffectivePod, _ context: AuditContext) -> Verdict {
    // Policies hold for pod networks: a pod in its node's network is the node.
    if pod.pod.hostNetwork { return .allowed(by: "it uses the node's network, where policies do not hold") }
    let admin = context.fleet.adminPolicies.filter { selects($0.subject, pod) }
    let ordered = admin.filter { $0.priority != nil }
      .sorted { ($0.priority ?? 0, $0.id) < ($1.priority ?? 0, $1.id) }
    if let decided = decide(ordered) { return decided }
    let policies = context.policies(selecting: pod.workload).filter(\.governsEgress)
    if !policies.isEmpty {
      for policy in policies where policy.egress.contains(where: matches) {
        return .allowed(by: "NetworkPolicy \(policy.id.name) allows it")
      }
      return .forbidden(by: "NetworkPolicy \(policies[0].id.name)")
    }
    return decide(admin.filter { $0.priority == nil }) ?? .allowed(by: "no policy governs its egress")
  }

  private func decide(_ policies: [AdminNetworkPolicy]) -> Verdict? {
    for policy in policies {
      for rule in policy.egress where rule.peers.contains(where: matches) && matches(rule.ports ?? []) {
        switch rule.action {
        case .allow: return .allowed(by: "\(policy.id.kind) \(policy.id.name) allows it")
        case .deny: return .forbidden(by: "\(policy.id.kind) \(policy.id.name)")
        case .pass: return nil
        }
      }
    }
    return nil
  }

  private func selects(_ subject: AdminNetworkPolicy.Peer, _ pod: EffectivePod) -> Bool {
    switch subject.kind {
    case .namespaces(let selector): selector.matches(pod.namespaceLabels)
    case .pods(let namespaces, let pods):
      namespaces.matches(pod.namespaceLabels) && pods.matches(pod.workload.podLabels)
    default: false
    }
  }

  private func matches(_ peer: AdminNetworkPolicy.Peer) -> Bool {
    if case .networks(let blocks) = peer.kind { return blocks.contains(where: contains) }
    return false
  }

  private func matches(_ rule: NetworkPolicy.Rule) -> Bool {
    guard matches(rule.ports) else { return false }
    return rule.peers.isEmpty
      || rule.peers.contains { peer in
        if case .block(let cidr, let except) = peer { return contains(cidr) && !except.contains(where: contains) }
        return false
      }
  }

  /// A named port is one of pods: no address outside has names.
  private func matches(_ ports: [NetworkPolicy.Port]) -> Bool {
    ports.isEmpty
      || ports.contains { candidate in
        guard candidate.transport == .tcp else { return false }
        return switch candidate.number {
        case .all: true
        case .range(let low, let high): low <= port && port <= high
        case .named: false
        }
      }
  }

  /// Whether a block such as `10.0.0.0/8` holds the address; false for other families and for what is no block.
  func contains(_ block: String) -> Bool {
    let parts = block.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let bits = Int(parts[1]), (0...32).contains(bits), let base = Self.address(parts[0])
    else { return false }
    let mask: UInt32 = bits == 0 ? 0 : ~0 << UInt32(32 - bits)
    return base & mask == address & mask
  }

  static func address(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var result: UInt32 = 0
    for part in parts {
      guard let byte = UInt8(part) else { return nil }
      result = result << 8 | UInt32(byte)
    }
    return result
  }
}
