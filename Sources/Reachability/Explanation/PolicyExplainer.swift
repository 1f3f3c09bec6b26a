import Diagnostics
package import FleetModel

/// Says what network policies decide about one port, and which of them.
struct PolicyExplainer {
  typealias Layer = ReachExplanation.Layer
  typealias Reason = ReachExplanation.Reason
  let reader: PolicyReader
  let port: Int
  let transport: Transport

  func layer(_ direction: Direction, of subject: PolicyParty, peer: PolicyParty) -> Layer {
    let title = "network policy, \(direction.rawValue) of \(subject.name)"
    guard subject.namespace != nil else {
      return Layer(title, .silent, [Reason("\(subject.name) is outside; policies govern pods only")])
    }
    guard !reader.isExempt(subject) else {
      return Layer(title, .silent, [Reason("it uses the node's network, which is exempt by option")])
    }
    let destination = direction == .ingress ? subject : peer
    var reasons: [Reason] = []
    switch admin(direction, subject, peer, destination, isBaseline: false, &reasons) {
    case .allow: return Layer(title, .allowed, reasons)
    case .deny: return Layer(title, .refused, reasons, cure: adminCure(direction, subject, peer, reasons.last))
    case .pass, nil: break
    }
    let governing = reader.governing(subject, direction)
    guard governing.isEmpty else {
      return policies(title, direction, governing, subject, peer, destination, reasons)
    }
    switch admin(direction, subject, peer, destination, isBaseline: true, &reasons) {
    case .allow: return Layer(title, .allowed, reasons)
    case .deny: return Layer(title, .refused, reasons, cure: adminCure(direction, subject, peer, reasons.last))
    case .pass, nil:
      reasons.append(Reason("no NetworkPolicy governs its \(direction.rawValue): everything is allowed"))
      return Layer(title, .allowed, reasons)
    }
  }

  private func admin(
    _ direction: Direction, _ subject: PolicyParty, _ peer: PolicyParty, _ destination: PolicyParty, isBaseline: Bool,
    _ reasons: inout [Reason]
  ) -> AdminNetworkPolicy.Action? {
    for policy in reader.adminPolicies
    where (policy.priority == nil) == isBaseline && reader.matches(policy.subject, subject) {
      for (number, rule) in (direction == .ingress ? policy.ingress : policy.egress).enumerated()
      where rule.peers.contains(where: { reader.matches($0, peer) }) {
        let ports = PortSpecification(rule.ports, namesHaveProtocol: false).ports(at: destination.namedPorts)
        guard ports.contains(port, transport) else { continue }
        let name = rule.name.map { " (\($0))" } ?? ""
        let what = isBaseline ? "the baseline's" : "admin policy's"
        reasons.append(
          Reason(
            "\(what) \(direction.rawValue) rule \(number + 1)\(name) says \(rule.action.rawValue) for \(peer.name)",
            policy.id, policy.location))
        return rule.action
      }
    }
    return nil
  }

  private func adminCure(
    _ direction: Direction, _ subject: PolicyParty, _ peer: PolicyParty, _ reason: Reason?
  ) -> String {
    "put an Allow rule for \(peer.name) on \(transport.rawValue) \(port) before the rule of "
      + "\(reason?.object?.name ?? "the policy") that denies it, or narrow that rule"
  }

  private func policies(
    _ title: String, _ direction: Direction, _ governing: [NetworkPolicy], _ subject: PolicyParty, _ peer: PolicyParty,
    _ destination: PolicyParty, _ before: [Reason]
  ) -> Layer {
    var reasons = before
    var misses: [Reason] = []
    for policy in governing {
      let rules = direction == .ingress ? policy.ingress : policy.egress
      if rules.isEmpty {
        misses.append(Reason("governs it and has no rule: denies everything", policy.id, policy.location))
      }
      var nearest: String?
      for (number, rule) in rules.enumerated() where reader.matches(rule, peer, in: policy.id.namespace) {
        let ports = reader.ports(rule, at: destination)
        if ports.contains(port, transport) {
          reasons.append(
            Reason(
              "\(direction.rawValue) rule \(number + 1) allows \(peer.name) on \(ports)", policy.id, policy.location))
          return Layer(title, .allowed, reasons)
        }
        nearest = nearest ?? "rule \(number + 1) allows \(peer.name), but only on \(ports)\(names(rule, ports))"
      }
      if let nearest {
        misses.append(Reason(nearest, policy.id, policy.location))
      } else if !rules.isEmpty {
        misses.append(Reason("governs it, and none of its rules speaks of \(peer.name)", policy.id, policy.location))
      }
    }
    let first = governing[0]
    let word = direction == .ingress ? "from" : "to"
    let near = misses.first { $0.text.hasPrefix("rule") }?.object ?? first.id
    return Layer(
      title, .refused, reasons + misses,
      cure: "add to \(near) an \(direction.rawValue) rule \(word) \(selector(peer)) with port \(port) and protocol "
        + transport.rawValue)
  }

  /// Names in a rule that the destination does not declare: the usual reason for an empty set.
  private func names(_ rule: NetworkPolicy.Rule, _ ports: PortSet) -> String {
    let names = rule.ports.compactMap { port -> String? in
      if case .named(let name) = port.number { return name }
      return nil
    }
    return ports.isEmpty && !names.isEmpty ? " (it has no port named \(names.joined(separator: ", ")))" : ""
  }

  /// How a rule would name the party.
  private func selector(_ party: PolicyParty) -> String {
    guard let namespace = party.namespace else { return "ipBlock \(party.name)" }
    let labels = party.labels.filter { $0.key != "pod-template-hash" && $0.key != "controller-revision-hash" }
      .sorted { $0.key < $1.key }.prefix(2).map { "\($0.key): \($0.value)" }
    let pods = labels.isEmpty ? "" : " and podSelector {\(labels.joined(separator: ", "))}"
    return "namespaceSelector {kubernetes.io/metadata.name: \(namespace)}\(pods)"
  }
}

/// Explains calls through every layer; made once for a fleet.
package struct ReachExplainer: Sendable {
  private let fleet: Fleet
  private let reader: PolicyReader
  private let mesh: MeshLayer

  package init(_ fleet: Fleet, options: ReachOptions = ReachOptions(), mesh: MeshLayer? = nil) {
    self.fleet = fleet
    reader = PolicyReader(fleet, options: options)
    self.mesh = mesh ?? MeshLayer(fleet)
  }

  package func explain(from: ReachEnd, to: ReachEnd, port: Int, transport: Transport = .tcp) -> ReachExplanation {
    let (source, destination) = (party(from), party(to))
    let explainer = PolicyExplainer(reader: reader, port: port, transport: transport)
    var layers = [
      explainer.layer(.egress, of: source, peer: destination),
      explainer.layer(.ingress, of: destination, peer: source),
    ]
    if case .workload(let target) = to {
      layers += mesh.decide(from: meshCaller(from), to: target, port: port, transport: transport).layers
    }
    return ReachExplanation(
      from: source.name, to: destination.name, port: port, transport: transport, layers: layers)
  }

  private func meshCaller(_ end: ReachEnd) -> MeshCaller {
    switch end {
    case .workload(let index): .workload(index)
    case .address(let address, _): .address(address)
    case .ingressController: .unknown(namespace: IngressController.namespace)
    }
  }

  private func party(_ end: ReachEnd) -> PolicyParty {
    switch end {
    case .workload(let index): return reader.party(fleet.workloads[index])
    case .address(let address, let text):
      var party = PolicyParty(name: text)
      party.address = address
      return party
    case .ingressController:
      var party = PolicyParty.stranger(namespace: IngressController.namespace)
      party.name = IngressController.name
      return party
    }
  }
}
