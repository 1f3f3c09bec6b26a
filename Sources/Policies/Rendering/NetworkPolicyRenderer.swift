package import FleetModel

extension ManifestObject {
  package init(_ policy: NetworkPolicy, for subject: ObjectReference, purpose: String) {
    var types: [String] = []
    if policy.governsIngress { types.append("Ingress") }
    if policy.governsEgress { types.append("Egress") }
    self.init(
      "NetworkPolicy", "networking.k8s.io/v1", namespace: policy.id.namespace, name: policy.id.name, for: subject,
      purpose: purpose,
      spec: .map([
        "podSelector": Self.selector(policy.podSelector), "policyTypes": .texts(types),
        "ingress": policy.governsIngress ? .list(policy.ingress.map { Self.rule($0, "from") }) : nil,
        "egress": policy.governsEgress ? .list(policy.egress.map { Self.rule($0, "to") }) : nil,
      ]))
  }

  private static func rule(_ rule: NetworkPolicy.Rule, _ peers: String) -> DocumentValue {
    var entries: [DocumentValue.Entry] = []
    if !rule.peers.isEmpty { entries.append(.init(peers, .list(rule.peers.map(peer)))) }
    if !rule.ports.isEmpty { entries.append(.init("ports", .list(rule.ports.map(port)))) }
    return .mapping(entries)
  }

  private static func peer(_ peer: NetworkPolicy.Peer) -> DocumentValue {
    switch peer {
    case .pods(let namespaces, let pods):
      .map(["namespaceSelector": namespaces.map(selector), "podSelector": pods.map(selector)])
    case .block(let cidr, let except):
      .map(["ipBlock": .map(["cidr": .string(cidr), "except": except.isEmpty ? nil : .texts(except)])])
    }
  }

  private static func port(_ port: NetworkPolicy.Port) -> DocumentValue {
    let transport = DocumentValue.string(port.transport.rawValue)
    switch port.number {
    case .all: return .map(["protocol": transport])
    case .named(let name): return .map(["protocol": transport, "port": .string(name)])
    case .range(let low, let high):
      return .map(["protocol": transport, "port": .integer(low), "endPort": high == low ? nil : .integer(high)])
    }
  }

  /// All selectors written here are labels and their values.
  private static func selector(_ selector: LabelSelector) -> DocumentValue {
    guard !selector.requirements.isEmpty else { return .mapping([]) }
    let labels = selector.requirements.compactMap { requirement in
      requirement.values.first.map { (key: requirement.key, value: $0) }
    }
    return .map(["matchLabels": .labels(labels)])
  }
}
