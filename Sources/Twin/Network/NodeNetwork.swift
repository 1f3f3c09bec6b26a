/// The links and routes of a logical node, as `ip -batch` text.
///
/// Nodes are joined by veth pairs in a star around `node-1` (two nodes: one pair). Pods are routed as /32, without a
/// bridge, so that all their traffic passes the node's `forward` hook with connection tracking.
package struct NodeNetwork: Sendable, Equatable {
  package let index: Int
  package let nodeCount: Int

  /// `index` from 1 to `nodeCount`.
  package init(index: Int, nodeCount: Int) {
    precondition((1...nodeCount).contains(index) && nodeCount <= AddressPlan.nodeLimit, "no such node")
    self.index = index
    self.nodeCount = nodeCount
  }

  /// The pairs between nodes, to be made where all the nodes' namespaces can be named: `namespaces` has one entry per
  /// node, a process id or an `ip netns` name.
  package static func links(namespaces: [String]) -> String {
    guard let hub = namespaces.first else { return "" }
    return namespaces.enumerated().dropFirst().map { offset, namespace in
      "link add node-\(offset + 1) netns \(hub) type veth peer name node-1 netns \(namespace)\n"
    }.joined()
  }

  /// What to run in the node's own network namespace once its links are there.
  package var setUp: String {
    let own = AddressPlan.nodeAddress(index)
    var lines = ["link set lo up"]
    // The node's own address first, and on each link: the kernel asks for neighbours in the name of the first address
    // it finds, and a neighbour does not answer one that it has itself.
    lines += ([own] + AddressPlan.onEveryNode).map { "addr add \($0)/32 dev lo" }
    for neighbour in neighbours {
      lines.append("addr add \(own)/32 dev node-\(neighbour)")
      lines.append("link set node-\(neighbour) up")
      lines.append("route add \(AddressPlan.nodeAddress(neighbour))/32 dev node-\(neighbour) src \(own)")
    }
    for other in 1...nodeCount where other != index {
      let hop = index == 1 ? other : 1
      let via = "via \(AddressPlan.nodeAddress(hop)) dev node-\(hop) onlink src \(own)"
      if other != hop { lines.append("route add \(AddressPlan.nodeAddress(other))/32 \(via)") }
      lines.append("route add \(AddressPlan.podPrefix(other)) \(via)")
    }
    // Processes of the node need a route before the output hook can turn a service's address into a pod's.
    lines.append("route add \(AddressPlan.servicePrefix) dev lo src \(own)")
    return lines.map { $0 + "\n" }.joined()
  }

  /// Kernel settings of the node's network namespace (path below /proc/sys → value), to be written before `setUp`.
  ///
  /// Strict reverse-path filtering keeps a pod from using another one's address; a /32 route per pod makes it exact.
  package static let kernelSettings: [(path: String, value: String)] = [
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv4/conf/all/rp_filter", "1"),
    ("net/ipv4/conf/default/rp_filter", "1"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv6/conf/all/disable_ipv6", "1"),
    ("net/ipv6/conf/default/disable_ipv6", "1"),
  ]

  /// Settings and `setUp` as one script for `sh -s` on standard input, run in the node.
  package var script: String {
    let settings = Self.kernelSettings.map {
      "[ ! -e /proc/sys/\($0.path) ] || echo \($0.value) > /proc/sys/\($0.path)\n"
    }.joined()
    return "set -e\n\(settings)ip -batch - <<'END'\n\(setUp)END\n"
  }

  private var neighbours: [Int] { index == 1 ? Array((1...nodeCount).dropFirst()) : [1] }
}
