import Diagnostics
import FleetModel

/// Turns one policy's peers and ports into addresses and numbers.
struct PolicyCompiler {
  struct CompiledPolicy {
    let policy: NetworkPolicy
    let egress: [CompiledPolicies.Allowance]
    let ingress: [IngressRule]
  }
  /// An ingress rule's named ports are those of the pod that is governed, so its ports differ from pod to pod.
  struct IngressRule {
    let peers: [IPv4Range]
    let ports: [NetworkPolicy.Port]

    func allowance(for pod: PolicyPod) -> CompiledPolicies.Allowance {
      var match = PortMatch(everything: ports.isEmpty)
      for port in ports {
        match.insert(numbered: port)
        if case .named(let name) = port.number {
          for own in pod.namedPorts where own.name == name && own.transport == port.transport {
            match.insert(port.transport, own.port, own.port)
          }
        }
      }
      return CompiledPolicies.Allowance(peers: peers, ports: match)
    }
  }

  let peers: [PolicyPod]
  let namespaces: [String: [String: String]]

  func compile(_ policy: NetworkPolicy) throws -> CompiledPolicy {
    CompiledPolicy(
      policy: policy,
      egress: try policy.egress.flatMap { try egress($0, of: policy) },
      ingress: try policy.ingress.map { IngressRule(peers: try ranges($0.peers, of: policy), ports: $0.ports) })
  }

  /// A named port of an egress rule is looked up in each pod that the rule's peers take in.
  private func egress(
    _ rule: NetworkPolicy.Rule, of policy: NetworkPolicy
  ) throws -> [CompiledPolicies.Allowance] {
    let ranges = try ranges(rule.peers, of: policy)
    var match = PortMatch(everything: rule.ports.isEmpty)
    rule.ports.forEach { match.insert(numbered: $0) }
    var allowances = [CompiledPolicies.Allowance(peers: ranges, ports: match)]
    for port in rule.ports {
      guard case .named(let name) = port.number else { continue }
      for pod in peers where ranges.contains(address: pod.address) {
        for declared in pod.namedPorts where declared.name == name && declared.transport == port.transport {
          var one = PortMatch()
          one.insert(declared.transport, declared.port, declared.port)
          allowances.append(CompiledPolicies.Allowance(peers: [IPv4Range(pod.address)], ports: one))
        }
      }
    }
    return allowances
  }

  private func ranges(_ given: [NetworkPolicy.Peer], of policy: NetworkPolicy) throws -> [IPv4Range] {
    guard !given.isEmpty else { return [.everything] }
    return try given.flatMap { peer -> [IPv4Range] in
      switch peer {
      case .pods(let namespaceSelector, let podSelector):
        return peers.filter { pod in
          let inNamespace =
            namespaceSelector.map { $0.matches(labels(ofNamespace: pod.namespace)) }
            ?? (pod.namespace == policy.id.namespace)
          return inNamespace && (podSelector?.matches(pod.labels) ?? true)
        }.map { IPv4Range($0.address) }
      case .block(let cidr, let except):
        guard let block = try range(cidr, of: policy) else { return [] }
        return [block].subtracting(try except.compactMap { try range($0, of: policy) })
      }
    }.merged
  }

  /// Nil for an IPv6 block, which matches nothing here: the twin has no IPv6.
  private func range(_ cidr: String, of policy: NetworkPolicy) throws -> IPv4Range? {
    if let range = IPv4Range(cidr: cidr) { return range }
    if cidr.contains(":") { return nil }
    throw BulkheadError(
      .badInput, "\(policy.id): \"\(cidr.safeForTerminal)\" is no address block",
      cure: "write it as a.b.c.d/n", location: policy.location)
  }

  private func labels(ofNamespace name: String) -> [String: String] {
    var labels = namespaces[name] ?? [:]
    labels["kubernetes.io/metadata.name"] = name
    return labels
  }
}

extension PortMatch {
  /// Adds a port written as a number, a range or "all"; a named one is left to those who know the pod.
  fileprivate mutating func insert(numbered port: NetworkPolicy.Port) {
    switch port.number {
    case .all: insert(port.transport, 0, 65535)
    case .range(let low, let high): insert(port.transport, low, high)
    case .named: break
    }
  }
}
