import FleetModel

/// `networking.k8s.io/v1` NetworkPolicy, with the API's defaults applied.
enum NetworkPolicyReader {
  static func policy(_ root: Field, _ id: ObjectReference) -> NetworkPolicy {
    var policy = NetworkPolicy(id: id, location: root.location)
    guard let spec = root["spec"] else { return policy }
    policy.podSelector = spec["podSelector"].map(SelectorReader.selector) ?? LabelSelector()
    policy.ingress = (spec["ingress"]?.elements ?? []).map { rule($0, peers: "from") }
    policy.egress = (spec["egress"]?.elements ?? []).map { rule($0, peers: "to") }
    if let types = spec["policyTypes"] {
      let names = types.strings
      policy.governsIngress = names.contains("Ingress")
      policy.governsEgress = names.contains("Egress")
    } else {
      policy.governsIngress = true
      policy.governsEgress = spec["egress"].map { !$0.elements.isEmpty } ?? false
    }
    return policy
  }

  private static func rule(_ field: Field, peers key: String) -> NetworkPolicy.Rule {
    NetworkPolicy.Rule(
      peers: (field[key]?.elements ?? []).compactMap(peer), ports: (field["ports"]?.elements ?? []).compactMap(port))
  }

  private static func peer(_ field: Field) -> NetworkPolicy.Peer? {
    if let block = field["ipBlock"] {
      guard let cidr = block["cidr"]?.string else {
        block.problem("ipBlock needs a cidr", fix: "add it")
        return nil
      }
      return .block(cidr: cidr, except: block["except"]?.strings ?? [])
    }
    let namespaces = field["namespaceSelector"].map(SelectorReader.selector)
    let pods = field["podSelector"].map(SelectorReader.selector)
    guard namespaces != nil || pods != nil else {
      field.problem(
        "the peer names nothing", fix: "add a podSelector, a namespaceSelector or an ipBlock")
      return nil
    }
    return .pods(namespaces: namespaces, pods: pods)
  }

  private static func port(_ field: Field) -> NetworkPolicy.Port? {
    let transport = field["protocol"]?.oneOf(Transport.self, "TCP, UDP, SCTP") ?? .tcp
    guard let first = field["port"] else { return NetworkPolicy.Port(transport: transport, number: .all) }
    if case .string(let name) = first.scalar { return NetworkPolicy.Port(transport: transport, number: .named(name)) }
    guard let low = first.integer(in: 1...65_535) else { return nil }
    let high = field["endPort"]?.integer(in: low...65_535) ?? low
    return NetworkPolicy.Port(transport: transport, number: .range(low, high))
  }
}
