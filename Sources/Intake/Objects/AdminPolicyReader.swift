import FleetModel

/// `policy.networking.k8s.io/v1alpha1`. What the cluster's plugin would not understand is a finding and left out.
enum AdminPolicyReader {
  private typealias Peer = AdminNetworkPolicy.Peer

  static func policy(_ root: Field, _ id: ObjectReference) -> AdminNetworkPolicy? {
    guard let spec = root["spec"], let field = spec["subject"], let subject = subject(field) else {
      (root["spec"] ?? root).problem(
        "the policy has no subject", fix: "add spec.subject.namespaces or spec.subject.pods", code: .unusable)
      return nil
    }
    var policy = AdminNetworkPolicy(id: id, location: root.location, subject: subject)
    if id.kind == "AdminNetworkPolicy" {
      policy.priority = spec["priority"]?.integer(in: 0...1000)
      if spec["priority"] == nil { spec.problem("the policy has no priority", fix: "add one from 0 to 1000") }
    }
    policy.ingress = (spec["ingress"]?.elements ?? []).compactMap { rule($0, "from", isBaseline: policy.isBaseline) }
    policy.egress = (spec["egress"]?.elements ?? []).compactMap { rule($0, "to", isBaseline: policy.isBaseline) }
    return policy
  }

  private static func rule(_ field: Field, _ key: String, isBaseline: Bool) -> AdminNetworkPolicy.Rule? {
    guard let written = field["action"] else {
      field.problem("the rule has no action and is left out", fix: "add Allow, Deny or Pass")
      return nil
    }
    let names = isBaseline ? "Allow, Deny" : "Allow, Deny, Pass"
    guard let action = written.oneOf(AdminNetworkPolicy.Action.self, names) else { return nil }
    if isBaseline && action == .pass {
      written.problem("a baseline policy cannot pass", fix: "use Allow or Deny")
      return nil
    }
    return AdminNetworkPolicy.Rule(
      name: field["name"]?.string, action: action, peers: (field[key]?.elements ?? []).compactMap(peer),
      ports: field["ports"].map { $0.elements.flatMap(ports) })
  }

  private static func subject(_ field: Field) -> Peer? {
    if let namespaces = field["namespaces"] { return Peer(.namespaces(namespaceSelector(namespaces))) }
    return field["pods"].map(pods)
  }

  private static func peer(_ field: Field) -> Peer? {
    if let selected = subject(field) { return selected }
    if let nodes = field["nodes"] { return Peer(.nodes(SelectorReader.selector(nodes))) }
    if let networks = field["networks"] { return Peer(.networks(networks.strings)) }
    if let names = field["domainNames"] { return Peer(.domainNames(names.strings)) }
    field.problem(
      "the peer is none of namespaces, pods, nodes, networks, domainNames and is left out", fix: "use one of them")
    return nil
  }

  private static func pods(_ field: Field) -> Peer {
    let namespaces =
      field["namespaceSelector"].map(SelectorReader.selector)
      ?? field["namespaces"].map(namespaceSelector)
    let pods = field["podSelector"].map(SelectorReader.selector)
    return Peer(.pods(namespaces: namespaces ?? LabelSelector(), pods: pods ?? LabelSelector()))
  }

  /// The selector itself, or as the first releases wrote it, one level deeper.
  private static func namespaceSelector(_ field: Field) -> LabelSelector {
    SelectorReader.selector(field["namespaceSelector"] ?? field)
  }

  private static func ports(_ field: Field) -> [NetworkPolicy.Port] {
    func transport(_ field: Field) -> Transport {
      field["protocol"]?.oneOf(Transport.self, "TCP, UDP, SCTP") ?? .tcp
    }
    if let single = field["portNumber"] {
      guard let number = single["port"]?.integer(in: 1...65_535) else { return [] }
      return [NetworkPolicy.Port(transport: transport(single), number: .range(number, number))]
    }
    if let range = field["portRange"] {
      guard let low = range["start"]?.integer(in: 1...65_535), let high = range["end"]?.integer(in: low...65_535) else {
        return []
      }
      return [NetworkPolicy.Port(transport: transport(range), number: .range(low, high))]
    }
    guard let name = field["namedPort"]?.string else {
      field.problem("the port is none of portNumber, portRange, namedPort and is left out", fix: "use one of them")
      return []
    }
    // A name stands for the port with its own protocol, whichever that is.
    return [Transport.tcp, .udp, .sctp].map { NetworkPolicy.Port(transport: $0, number: .named(name)) }
  }
}

extension AdminNetworkPolicy {
  fileprivate var isBaseline: Bool { id.kind == "BaselineAdminNetworkPolicy" }
}
