import FleetModel

/// Evaluates one packet straight from the API documentation, without any of the engine's structures: sets of ports and
/// addresses do not exist here, only one number and one address.
struct BruteForce {
  enum End {
    case pod(Workload)
    case address(v4: UInt32?, v6: UInt128?)
  }

  let fleet: Fleet
  var exemptHostNetwork = false

  func allows(_ from: End, _ to: End, _ port: Int, _ transport: Transport) -> Bool {
    permits(subject: from, peer: to, isIngress: false, to, port, transport)
      && permits(subject: to, peer: from, isIngress: true, to, port, transport)
  }

  func permits(
    subject: End, peer: End, isIngress: Bool, _ destination: End, _ port: Int, _ transport: Transport
  ) -> Bool {
    guard case .pod(let pod) = subject, !isExempt(pod) else { return true }
    let ranked = fleet.adminPolicies.filter { $0.priority != nil }
      .sorted { ($0.priority ?? 0, $0.id) < ($1.priority ?? 0, $1.id) }
    switch decision(ranked, pod, peer, isIngress, destination, port, transport) {
    case .allow: return true
    case .deny: return false
    case .pass, nil: break
    }
    let governing = fleet.networkPolicies.filter { policy in
      policy.id.namespace == pod.id.namespace && policy.podSelector.matches(pod.podLabels)
        && (isIngress ? policy.governsIngress : policy.governsEgress)
    }
    if !governing.isEmpty {
      return governing.contains { policy in
        (isIngress ? policy.ingress : policy.egress).contains { rule in
          (rule.peers.isEmpty || rule.peers.contains { matches($0, peer, policy.id.namespace) })
            && (rule.ports.isEmpty || rule.ports.contains { matches($0, destination, port, transport, named: true) })
        }
      }
    }
    let baseline = fleet.adminPolicies.filter { $0.priority == nil }
    return decision(baseline, pod, peer, isIngress, destination, port, transport) != .deny
  }

  private func isExempt(_ pod: Workload) -> Bool { exemptHostNetwork && pod.pod.hostNetwork }

  private func decision(
    _ policies: [AdminNetworkPolicy], _ pod: Workload, _ peer: End, _ isIngress: Bool, _ destination: End, _ port: Int,
    _ transport: Transport
  ) -> AdminNetworkPolicy.Action? {
    for policy in policies where matches(policy.subject, .pod(pod)) {
      for rule in isIngress ? policy.ingress : policy.egress where rule.peers.contains(where: { matches($0, peer) }) {
        if rule.ports?.contains(where: { matches($0, destination, port, transport, named: false) }) ?? true {
          return rule.action
        }
      }
    }
    return nil
  }

  private func namespaceLabels(_ name: String) -> [String: String] {
    var labels = fleet.namespaces.first { $0.name == name }?.labels ?? [:]
    labels["kubernetes.io/metadata.name"] = name
    return labels
  }

  private func matches(_ peer: NetworkPolicy.Peer, _ end: End, _ own: String) -> Bool {
    switch (peer, end) {
    case (.pods(let namespaces, let pods), .pod(let pod)):
      if isExempt(pod) { return false }
      if let namespaces {
        guard namespaces.matches(namespaceLabels(pod.id.namespace)) else { return false }
      } else if pod.id.namespace != own {
        return false
      }
      return pods?.matches(pod.podLabels) ?? true
    case (.block(let cidr, let except), .address(let v4, let v6)):
      return contains(cidr, v4, v6) && !except.contains { contains($0, v4, v6) }
    case (.block(let cidr, let except), .pod(let pod)): return isExempt(pod) && cidr == "0.0.0.0/0" && except.isEmpty
    case (.pods, .address): return false
    }
  }

  private func matches(_ peer: AdminNetworkPolicy.Peer, _ end: End) -> Bool {
    switch (peer.kind, end) {
    case (.namespaces(let namespaces), .pod(let pod)):
      return !isExempt(pod) && namespaces.matches(namespaceLabels(pod.id.namespace))
    case (.pods(let namespaces, let pods), .pod(let pod)):
      return !isExempt(pod) && namespaces.matches(namespaceLabels(pod.id.namespace)) && pods.matches(pod.podLabels)
    case (.networks(let blocks), .address(let v4, let v6)): return blocks.contains { contains($0, v4, v6) }
    default: return false
    }
  }

  /// Bit by bit from the front; blocks here are written as hexadecimal-free CIDRs of one family.
  private func contains(_ cidr: String, _ v4: UInt32?, _ v6: UInt128?) -> Bool {
    let parts = cidr.split(separator: "/")
    let length = Int(parts[1]) ?? 0
    if cidr.contains(":") {
      guard let v6, let base = TestBlocks.v6[String(parts[0])] else { return false }
      for bit in 0..<length {
        let shift = UInt128(127 - bit)
        if (base >> shift) & 1 != (v6 >> shift) & 1 { return false }
      }
      return true
    }
    guard let v4 else { return false }
    let base = parts[0].split(separator: ".").reduce(UInt32(0)) { $0 * 256 + (UInt32($1) ?? 0) }
    for bit in 0..<length {
      let shift = UInt32(31 - bit)
      if (base >> shift) & 1 != (v4 >> shift) & 1 { return false }
    }
    return true
  }

  private func matches(
    _ rule: NetworkPolicy.Port, _ destination: End, _ port: Int, _ transport: Transport, named hasProtocol: Bool
  ) -> Bool {
    switch rule.number {
    case .all: return rule.transport == transport
    case .range(let low, let high): return rule.transport == transport && (low...high).contains(port)
    case .named(let name):
      guard case .pod(let pod) = destination, !hasProtocol || rule.transport == transport else { return false }
      return pod.pod.containers.flatMap(\.ports).contains {
        $0.name == name && $0.transport == transport && $0.port == port
      }
    }
  }
}

/// Addresses that the tests write, so that the evaluator needs no parser of IPv6.
enum TestBlocks {
  static let v6: [String: UInt128] = [
    "::": 0, "fd00::": 0xfd << 120, "2001:db8::": 0x2001_0db8 << 96, "2001:db8:1::": 0x2001_0db8_0001 << 80,
  ]
}
