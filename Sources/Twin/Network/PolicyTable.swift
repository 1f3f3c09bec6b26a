/// Network policies in the kernel of one node: the egress of its pods and the ingress to them.
///
/// Pods' addresses are matched after address translation, in the forward hook and (for a pod's traffic to the node's
/// own addresses) in the input hook. Replies pass; the direction that opened a connection is checked on every packet,
/// so that a new policy also cuts what is already open. A change replaces all rules in one transaction and keeps the
/// counts of what was refused. Refused packets are dropped in silence, as cluster networks do.
package struct PolicyTable: Sendable, Equatable {
  package static let name = "bh_rooms"
  package let node: String
  package let policies: CompiledPolicies

  package init(node: String, policies: CompiledPolicies) {
    self.node = node
    self.policies = policies
  }

  /// One `nft -f -` transaction. Chains of earlier versions stay behind, empty and unreferenced, so that their names
  /// need not be known here.
  package var text: String {
    let local = policies.entries.filter { $0.pod.node == node }
    let egress = Direction(
      "egress", "ip daddr", local.compactMap { entry in entry.egress.map { (entry.pod.address, $0) } })
    let ingress = Direction(
      "ingress", "ip saddr", local.compactMap { entry in entry.ingress.map { (entry.pod.address, $0) } })
    let itself = local.map { "\($0.pod.address) . \($0.pod.address)" }
    let toItself = itself.isEmpty ? "" : "    ip saddr . ip daddr \(NftText.set(itself)) accept\n"
    let pods = "iifname \"\(PodNetwork.interfacePrefix)*\""
    return """
      add table inet \(Self.name)
      flush table inet \(Self.name)
      table inet \(Self.name) {
        counter refused_egress { }
        counter refused_ingress { }
        counter refused_ipv6 { }
        set refused {
          type ipv4_addr . ipv4_addr . inet_proto . inet_service
          size 8192
          flags dynamic
          counter
        }
      \(Self.refusal("egress"))\(Self.refusal("ingress"))\(egress.chains)\(ingress.chains)  chain forwarded {
          type filter hook forward priority 0; policy accept;
          \(pods) meta nfproto ipv6 counter name refused_ipv6 drop
          ct state related accept
          ct state established ct direction reply accept
      \(toItself)\(egress.dispatch("ip saddr"))\(ingress.dispatch("ip daddr"))  }
        chain to_node {
          type filter hook input priority 0; policy accept;
          \(pods) meta nfproto ipv6 counter name refused_ipv6 drop
          \(pods) jump pods_to_node
        }
        chain pods_to_node {
          ct state related accept
          ct state established ct direction reply accept
      \(egress.dispatch("ip saddr"))  }
      }

      """
  }

  /// Removes the table with its counts; none there is no error.
  package static let removal = "add table inet \(name)\ndelete table inet \(name)\n"

  /// The record is a rule of its own: where the set is full it is skipped, and the drop must happen all the same.
  private static func refusal(_ direction: String) -> String {
    """
      chain refuse_\(direction) {
        meta l4proto { tcp, udp } add @refused { ip saddr . ip daddr . meta l4proto . th dport }
        counter name refused_\(direction) drop
      }

    """
  }

  /// One direction's chains: pods with equal rules share one.
  private struct Direction {
    let name: String
    let peer: String
    private var rules: [[CompiledPolicies.Allowance]] = []
    private var chainOf: [(IPv4Address, Int)] = []

    init(_ name: String, _ peer: String, _ pods: [(IPv4Address, [CompiledPolicies.Allowance])]) {
      self.name = name
      self.peer = peer
      var numbers: [[CompiledPolicies.Allowance]: Int] = [:]
      for (address, allowances) in pods {
        let number = numbers[allowances] ?? rules.count + 1
        if number > rules.count { rules.append(allowances) }
        numbers[allowances] = number
        chainOf.append((address, number))
      }
    }

    var chains: String {
      rules.enumerated().map { offset, allowances in
        let lines = allowances.flatMap { allowance -> [String] in
          let everyone = allowance.peers == [.everything]
          let who = everyone ? "" : "\(peer) \(NftText.set(allowance.peers.map(\.description))) "
          return allowance.ports.nftMatches.map { "    \(who)\($0)return\n" }
        }
        return "  chain \(name)_\(offset + 1) {\n\(lines.joined())    goto refuse_\(name)\n  }\n"
      }.joined()
    }

    func dispatch(_ own: String) -> String {
      guard !chainOf.isEmpty else { return "" }
      return "    \(own) vmap \(NftText.set(chainOf.map { "\($0.0) : jump \(name)_\($0.1)" }))\n"
    }
  }
}
