import Diagnostics
package import FleetModel

/// Network policies worked out for the pods that are there: who may open a connection to whom.
///
/// Semantics of `networking.k8s.io/v1`: a pod that no policy selects for a direction may do everything in it; for any
/// other the union of the rules of all policies that select it is allowed, and nothing else. Both the egress of the
/// source and the ingress of the destination must allow a connection. A pod always reaches itself. Blocks match
/// whatever address lies in them, pods' addresses included. Both `allows` and the kernel's rules (`PolicyTable`) are
/// derived from this one form.
package struct CompiledPolicies: Sendable, Equatable {
  struct Allowance: Sendable, Hashable {
    /// Sorted and disjoint.
    var peers: [IPv4Range]
    var ports: PortMatch
  }
  /// What one pod may do; nil where no policy governs the direction.
  struct Entry: Sendable, Equatable {
    var pod: PolicyPod
    var egress: [Allowance]?
    var ingress: [Allowance]?
  }
  /// Sorted by the pod's address.
  let entries: [Entry]
  private let byAddress: [IPv4Address: Int]

  /// - Parameters:
  ///   - namespaces: labels by namespace; `kubernetes.io/metadata.name` is added everywhere.
  ///   - own: policies that govern one pod (by id) whatever their selector says, for changes that go pod by pod.
  /// Throws `badInput` for a block that is no address range, and `configuration` for two pods with one address.
  package init(
    pods: [PolicyPod], namespaces: [String: [String: String]], policies: [NetworkPolicy],
    own: [String: [NetworkPolicy]] = [:]
  ) throws {
    let compiler = PolicyCompiler(peers: pods + [.resolver], namespaces: namespaces)
    let shared = try policies.map(compiler.compile)
    var entries: [Entry] = []
    for pod in pods.sorted(by: { ($0.address, $0.id) < ($1.address, $1.id) }) {
      if let last = entries.last, last.pod.address == pod.address {
        throw BulkheadError(.configuration, "pods \(last.pod.id) and \(pod.id) both have the address \(pod.address)")
      }
      let selected = shared.filter {
        $0.policy.id.namespace == pod.namespace && $0.policy.podSelector.matches(pod.labels)
      }
      let personal = try (own[pod.id] ?? []).map(compiler.compile)
      let all = selected + personal
      let egress = all.filter(\.policy.governsEgress)
      let ingress = all.filter(\.policy.governsIngress)
      entries.append(
        Entry(
          pod: pod, egress: egress.isEmpty ? nil : Self.joined(egress.flatMap(\.egress)),
          ingress: ingress.isEmpty ? nil : Self.joined(ingress.flatMap { $0.ingress.map { $0.allowance(for: pod) } })))
    }
    self.entries = entries
    byAddress = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($0.element.pod.address, $0.offset) })
  }

  /// Whether a connection from one address to another, as it is after address translation, may be opened.
  ///
  /// What a node itself sends to its own pods is not governed (health checks) and not meant here.
  package func allows(
    from source: IPv4Address, to destination: IPv4Address, transport: Transport = .tcp, port: Int
  ) -> Bool {
    if source == destination { return true }
    if let index = byAddress[source], let egress = entries[index].egress {
      guard egress.contains(where: { $0.matches(destination, transport, port) }) else { return false }
    }
    if let index = byAddress[destination], let ingress = entries[index].ingress {
      guard ingress.contains(where: { $0.matches(source, transport, port) }) else { return false }
    }
    return true
  }

  /// The pods for which a direction is governed at all.
  package var governed: (egress: [String], ingress: [String]) {
    (entries.filter { $0.egress != nil }.map(\.pod.id), entries.filter { $0.ingress != nil }.map(\.pod.id))
  }

  /// Allowances with the same ports become one; empty ones vanish; the order is fixed.
  private static func joined(_ allowances: [Allowance]) -> [Allowance] {
    var peers: [PortMatch: [IPv4Range]] = [:]
    for allowance in allowances where !allowance.peers.isEmpty && !allowance.ports.isEmpty {
      peers[allowance.ports, default: []] += allowance.peers
    }
    return peers.map { Allowance(peers: $0.value.merged, ports: $0.key) }
      .sorted { ($0.ports.sortKey, $0.peers[0]) < ($1.ports.sortKey, $1.peers[0]) }
  }
}

extension CompiledPolicies.Allowance {
  func matches(_ peer: IPv4Address, _ transport: Transport, _ port: Int) -> Bool {
    peers.contains(address: peer) && ports.contains(transport, port)
  }
}
