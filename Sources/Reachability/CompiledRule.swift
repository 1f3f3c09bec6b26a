import Diagnostics
import FleetModel

/// Whom a rule speaks of, and which ports.
struct CompiledRule: Sendable {
  var pods: IntervalSet<UInt32>
  var addresses: AddressSet
  var ports: PortSpecification
}

/// A rule of an AdminNetworkPolicy or of the baseline, in one direction.
struct AdminRule: Sendable {
  var subjects: IntervalSet<UInt32>
  var action: AdminNetworkPolicy.Action
  var rule: CompiledRule
}

/// Turns peers into classes and addresses.
struct RuleCompiler {
  var selectors: SelectorCache
  private(set) var findings: [Finding] = []
  private var blocks: [String: AddressSet?] = [:]

  init(_ table: PodTable, _ classes: PodClasses) { selectors = SelectorCache(table, classes) }

  mutating func compile(_ rule: NetworkPolicy.Rule, of policy: NetworkPolicy) -> CompiledRule {
    let ports = PortSpecification(rule.ports)
    guard !rule.peers.isEmpty else {
      return CompiledRule(pods: selectors.classes.everything, addresses: .everything, ports: ports)
    }
    var pods: [IntervalSet<UInt32>] = []
    var v4: [IntervalSet<UInt32>.Interval] = []
    var v6: [IntervalSet<UInt128>.Interval] = []
    for peer in rule.peers {
      switch peer {
      case .pods(let namespaces, let selector):
        pods.append(
          selectors.pods(namespaces: namespaces, pods: selector ?? LabelSelector(), own: policy.id.namespace))
      case .block(let cidr, let except):
        guard var block = block(cidr, policy.id, policy.location) else { continue }
        for cut in except {
          if let cut = self.block(cut, policy.id, policy.location) { block = block.subtracting(cut) }
        }
        v4 += block.v4.intervals
        v6 += block.v6.intervals
        // Traffic of an exempt pod comes from a node, whose address is in every block that leaves nothing out.
        if block.v4.isEverything { pods.append(selectors.classes.exempt) }
      }
    }
    var addresses = AddressSet()
    addresses.v4 = IntervalSet(normalising: v4)
    addresses.v6 = IntervalSet(normalising: v6)
    return CompiledRule(pods: Self.union(pods), addresses: addresses, ports: ports)
  }

  static func union(_ sets: [IntervalSet<UInt32>]) -> IntervalSet<UInt32> {
    sets.count <= 2
      ? sets.reduce(IntervalSet()) { $0.union($1) } : IntervalSet(normalising: sets.flatMap(\.intervals))
  }

  mutating func compile(_ policy: AdminNetworkPolicy, _ rule: AdminNetworkPolicy.Rule) -> AdminRule {
    var pods: [IntervalSet<UInt32>] = []
    var addresses = AddressSet()
    for peer in rule.peers {
      switch peer.kind {
      case .namespaces, .pods: pods.append(self.pods(peer))
      case .networks(let blocks):
        for text in blocks {
          if let block = block(text, policy.id, policy.location) { addresses = addresses.union(block) }
        }
      case .nodes, .domainNames:
        note(
          "BH-REACH-002", "peers that no manifest resolves", policy.id, policy.location,
          "rule \"\(rule.name ?? "")\" names nodes or domain names; their addresses are not in the input, so the rule "
            + "is left out of the answer", fix: "write the addresses as networks to have them counted")
      }
    }
    return AdminRule(
      subjects: self.pods(policy.subject), action: rule.action,
      rule: CompiledRule(
        pods: Self.union(pods), addresses: addresses,
        ports: PortSpecification(rule.ports, namesHaveProtocol: false)))
  }

  private mutating func pods(_ peer: AdminNetworkPolicy.Peer) -> IntervalSet<UInt32> {
    switch peer.kind {
    case .namespaces(let namespaces): selectors.pods(namespaces: namespaces, pods: LabelSelector(), own: "")
    case .pods(let namespaces, let pods): selectors.pods(namespaces: namespaces, pods: pods, own: "")
    case .nodes, .networks, .domainNames: IntervalSet()
    }
  }

  private mutating func block(_ text: String, _ id: ObjectReference, _ location: SourceLocation) -> AddressSet? {
    if let known = blocks[text] { return known }
    let block = AddressSet(block: text)
    blocks[text] = .some(block)
    if block == nil {
      note(
        "BH-REACH-001", "not an address block", id, location,
        "\"\(text)\" is no address block; Kubernetes refuses the policy, here the block matches nothing",
        fix: "write it as a.b.c.d/n or as an IPv6 block")
    }
    return block
  }

  mutating func note(
    _ code: String, _ title: String, _ id: ObjectReference, _ location: SourceLocation, _ message: String, fix: String
  ) {
    // One hostile policy must not fill the report.
    guard findings.count < 1_000 else { return }
    findings.append(
      Finding(
        code: code, title: title, severity: .medium, resource: id.description, message: message, fix: fix,
        location: location))
  }
}
