import FleetModel

/// One end of a connection as policies see it: a pod, or an address outside.
struct PolicyParty: Sendable {
  var name: String
  /// Nil for an address.
  var namespace: String?
  var labels: [String: String] = [:]
  var namespaceLabels: [String: String] = [:]
  var namedPorts: [NamedPort] = []
  var usesHostNetwork = false
  var address: Address?

  /// A pod of which nothing is known but its namespace's name.
  static func stranger(namespace: String) -> PolicyParty {
    PolicyParty(
      name: namespace, namespace: namespace, namespaceLabels: ["kubernetes.io/metadata.name": namespace])
  }
}

/// Reads policies one by one for one pair of parties: slow, plain, and able to say why. The index is what answers for
/// whole fleets; tests hold the two against each other.
struct PolicyReader: Sendable {
  let options: ReachOptions
  private let namespaces: [String: [String: String]]
  private let policies: [String: [NetworkPolicy]]
  let adminPolicies: [AdminNetworkPolicy]

  init(_ fleet: Fleet, options: ReachOptions) {
    self.options = options
    namespaces = Dictionary(fleet.namespaces.map { ($0.name, $0.labels) }) { first, _ in first }
    policies = Dictionary(grouping: fleet.networkPolicies, by: \.id.namespace)
    adminPolicies = fleet.adminPolicies.sorted { ($0.priority ?? .max, $0.id) < ($1.priority ?? .max, $1.id) }
  }

  func party(_ workload: Workload) -> PolicyParty {
    var labels = namespaces[workload.id.namespace] ?? [:]
    labels["kubernetes.io/metadata.name"] = workload.id.namespace
    return PolicyParty(
      name: workload.id.description, namespace: workload.id.namespace, labels: workload.podLabels,
      namespaceLabels: labels, namedPorts: workload.namedPorts, usesHostNetwork: workload.pod.hostNetwork)
  }

  /// The NetworkPolicies that govern a party in a direction; none govern an address.
  func governing(_ party: PolicyParty, _ direction: Direction) -> [NetworkPolicy] {
    guard let namespace = party.namespace, !isExempt(party) else { return [] }
    return (policies[namespace] ?? []).filter { policy in
      (direction == .ingress ? policy.governsIngress : policy.governsEgress) && policy.podSelector.matches(party.labels)
    }
  }

  func isExempt(_ party: PolicyParty) -> Bool { options.exemptHostNetwork && party.usesHostNetwork }

  func matches(_ rule: NetworkPolicy.Rule, _ party: PolicyParty, in namespace: String) -> Bool {
    rule.peers.isEmpty || rule.peers.contains { matches($0, party, in: namespace) }
  }

  private func matches(_ peer: NetworkPolicy.Peer, _ party: PolicyParty, in own: String) -> Bool {
    switch peer {
    case .pods(let namespaces, let pods):
      guard let namespace = party.namespace, !isExempt(party) else { return false }
      let inside = namespaces.map { $0.matches(party.namespaceLabels) } ?? (namespace == own)
      return inside && (pods?.matches(party.labels) ?? true)
    case .block(let cidr, let except):
      guard party.address != nil || isExempt(party) else { return false }
      guard var block = AddressSet(block: cidr) else { return false }
      for cut in except { if let cut = AddressSet(block: cut) { block = block.subtracting(cut) } }
      if let address = party.address { return block.contains(address) }
      return isExempt(party) && block.v4.isEverything
    }
  }

  /// The ports of a rule, seen from the pod that is spoken to.
  func ports(_ rule: NetworkPolicy.Rule, at destination: PolicyParty) -> PortSet {
    PortSpecification(rule.ports).ports(at: destination.namedPorts)
  }

  func matches(_ peer: AdminNetworkPolicy.Peer, _ party: PolicyParty) -> Bool {
    switch peer.kind {
    case .namespaces(let namespaces):
      party.namespace != nil && !isExempt(party) && namespaces.matches(party.namespaceLabels)
    case .pods(let namespaces, let pods):
      party.namespace != nil && !isExempt(party) && namespaces.matches(party.namespaceLabels)
        && pods.matches(party.labels)
    case .networks(let blocks):
      party.address.map { address in blocks.contains { AddressSet(block: $0)?.contains(address) ?? false } } ?? false
    case .nodes, .domainNames: false
    }
  }

  /// What a party may exchange with a peer in one direction.
  func ports(_ direction: Direction, of subject: PolicyParty, peer: PolicyParty) -> PortSet {
    let destination = direction == .ingress ? subject : peer
    var allowed = PortSet.none
    var left = PortSet.all
    var passed = PortSet.none
    func apply(_ policies: [AdminNetworkPolicy]) {
      for policy in policies where matches(policy.subject, subject) {
        for rule in direction == .ingress ? policy.ingress : policy.egress
        where rule.peers.contains(where: { matches($0, peer) }) {
          let ports = PortSpecification(rule.ports, namesHaveProtocol: false).ports(at: destination.namedPorts)
          let hit = left.intersection(ports)
          if rule.action == .allow { allowed = allowed.union(hit) }
          if rule.action == .pass { passed = passed.union(hit) }
          left = left.subtracting(hit)
        }
      }
    }
    guard subject.namespace != nil else { return .all }
    apply(adminPolicies.filter { $0.priority != nil })
    left = left.union(passed)
    let own = governing(subject, direction)
    if own.isEmpty {
      apply(adminPolicies.filter { $0.priority == nil })
      return allowed.union(left)
    }
    var written: [PortSet] = []
    for policy in own {
      for rule in direction == .ingress ? policy.ingress : policy.egress
      where matches(rule, peer, in: policy.id.namespace) {
        written.append(ports(rule, at: destination))
      }
    }
    return allowed.union(left.intersection(PortSet.union(written)))
  }
}
