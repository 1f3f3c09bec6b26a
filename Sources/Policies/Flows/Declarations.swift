import FleetModel

/// Calls that policies in the input allow by name although nothing shows that they are made: cutting them is a
/// decision, not a conclusion.
extension FlowReader {
  /// More rules and pairs than these are not looked at: a policy between two large groups names nobody in particular.
  private static let limit = 2_000

  mutating func readDeclarations() {
    var seen: Set<FlowKey> = []
    var budget = Self.limit
    for policy in fleet.networkPolicies where policy.governsIngress && !isOurs(policy.id.name) {
      let targets = fleet.index.workloads(in: policy.id.namespace, matching: policy.podSelector)
      // A policy for a whole namespace opens it; it does not declare a call.
      guard !policy.podSelector.requirements.isEmpty else { continue }
      for rule in policy.ingress where spend(&budget) {
        let callers = Array(Set(rule.peers.flatMap { named($0, in: policy.id.namespace) })).sorted()
        declare(callers, targets, rule.ports, FlowEvidence(.declared, "\(policy.id)", policy.location), &seen, &budget)
      }
    }
    for object in fleet.customObjects where Self.declares(object) && !isOurs(object.id.name) && spend(&budget) {
      readMeshPolicy(object, &seen, &budget)
    }
  }

  private static func declares(_ object: CustomObject) -> Bool {
    ["AuthorizationPolicy", "ServiceIntentions"].contains(object.id.kind)
  }

  private mutating func spend(_ budget: inout Int) -> Bool {
    budget -= 1
    if budget <= 0 { isTruncated = true }
    return budget > 0
  }

  private func isOurs(_ name: String) -> Bool { name.hasPrefix("bulkhead-") }

  /// The workloads that a peer names by labels; none where it names everybody.
  private func named(_ peer: NetworkPolicy.Peer, in own: String) -> [ObjectReference] {
    guard case .pods(let namespaces, let pods?) = peer, !pods.requirements.isEmpty else { return [] }
    let names = namespaces.map { selector in
      self.namespaces.filter { selector.matches($0.labels) }.map(\.name)
    }
    return (names ?? [own]).flatMap { fleet.index.workloads(in: $0, matching: pods) }.map { fleet.workloads[$0].id }
  }

  private mutating func declare(
    _ callers: [ObjectReference], _ targets: [Int], _ ports: [NetworkPolicy.Port], _ evidence: FlowEvidence,
    _ seen: inout Set<FlowKey>, _ budget: inout Int
  ) {
    for position in targets {
      let target = fleet.workloads[position]
      for (port, transport) in numbers(ports, of: target) {
        for caller in callers where caller != target.id {
          guard spend(&budget) else { return }
          let flow = flow(caller, target, port, transport, evidence)
          guard flows[flow.key] == nil, seen.insert(flow.key).inserted else { continue }
          undecided(flow, .declaredCall, "is allowed by \(evidence.text), and nothing shows that it is made")
        }
      }
    }
  }

  /// Ports written as single numbers or names; where a rule names none, the ports that services lead to.
  private func numbers(_ ports: [NetworkPolicy.Port], of target: Workload) -> [(Int, Transport)] {
    guard !ports.isEmpty else {
      let served = fleet.services(of: target).flatMap { service in
        service.ports.compactMap { port in port.targetPort(in: target).map { ($0, port.transport) } }
      }
      return served.reduce(into: []) { list, port in
        if !list.contains(where: { $0 == port }) { list.append(port) }
      }
    }
    return ports.compactMap { port in
      switch port.number {
      case .range(let low, let high): low == high ? (low, port.transport) : nil
      case .named(let name):
        target.pod.containers.lazy.flatMap(\.ports).first { $0.name == name && $0.transport == port.transport }
          .map { ($0.port, $0.transport) }
      case .all: nil
      }
    }
  }

  /// Istio's principals of ALLOW rules, and the sources of Consul's intentions.
  private mutating func readMeshPolicy(_ object: CustomObject, _ seen: inout Set<FlowKey>, _ budget: inout Int) {
    let evidence = FlowEvidence(.declared, "\(object.id)", object.location)
    switch (object.apiGroup, object.id.kind) {
    case ("security.istio.io", "AuthorizationPolicy") where object.spec["action"]?.string ?? "ALLOW" == "ALLOW":
      guard let selector = object.spec["selector"]?.labelSelector, !selector.requirements.isEmpty else { return }
      let targets = fleet.index.workloads(in: object.id.namespace, matching: selector)
      for rule in (object.spec["rules"]?.elements ?? []).prefix(200) {
        let principals = (rule["from"]?.elements ?? []).flatMap { $0["source"]?["principals"]?.strings ?? [] }
        let ports = (rule["to"]?.elements ?? []).flatMap { $0["operation"]?["ports"]?.strings ?? [] }
          .compactMap { Int($0) }.map { NetworkPolicy.Port(number: .range($0, $0)) }
        declare(Array(Set(principals.flatMap(holders))).sorted(), targets, ports, evidence, &seen, &budget)
      }
    case ("consul.hashicorp.com", "ServiceIntentions"):
      let name = object.spec["destination"]?["name"]?.string
      let allowed = (object.spec["sources"]?.elements ?? []).filter { $0["action"]?.string == "allow" }
        .compactMap { $0["name"]?.string }
      let callers = fleet.services.filter { allowed.contains($0.id.name) }
        .flatMap { fleet.workloads(behind: $0) }.map(\.id)
      for service in fleet.services where service.id.name == name {
        declare(
          Array(Set(callers)).sorted(), fleet.index.workloads(behind: service), [], evidence, &seen, &budget)
      }
    default: break
    }
  }

  /// The workloads with the service account of a principal `DOMAIN/ns/NAMESPACE/sa/ACCOUNT`; none for a pattern.
  private func holders(_ principal: String) -> [ObjectReference] {
    let parts = principal.split(separator: "/")
    guard parts.count == 5, parts[1] == "ns", parts[3] == "sa" else { return [] }
    return fleet.index.workloads(in: String(parts[2])).map { fleet.workloads[$0] }
      .filter { $0.pod.serviceAccount == parts[4] }.map(\.id)
  }
}
