import Diagnostics

/// The network namespace of one pod and its link to the node.
package struct PodNetwork: Sendable, Equatable, Hashable {
  /// The namespace's name inside the node (`ip netns`).
  package let namespace: String
  package let address: IPv4Address

  /// Throws `configuration` for a name that `ip netns` or a shell could take for something else.
  package init(namespace: String, address: IPv4Address) throws {
    let allowed = namespace.utf8.allSatisfy {
      (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46
    }
    guard allowed, (1...200).contains(namespace.utf8.count), let first = namespace.utf8.first, first != 45, first != 46
    else {
      throw BulkheadError(
        .configuration, "\"\(namespace.safeForTerminal)\" cannot name a network namespace",
        cure: "use small letters, digits, '-' and '.', at most 200 of them, and a letter or digit first")
    }
    self.namespace = namespace
    self.address = address
  }

  /// The interface on the node's side: unique per address, 15 characters at most.
  package var interface: String { "\(Self.interfacePrefix)\(address.bits >> 8 & 255)-\(address.bits & 255)" }

  /// What the names of all pod interfaces of a node begin with.
  package static let interfacePrefix = "pod"

  /// A script for `sh -s` on standard input, run in the node, that gives many pods their networks at once.
  ///
  /// One `ip` process does the node's side of all pods; then one process per pod, all at the same time, does the
  /// inside. Ends with a status other than 0 when any part fails. As container runtimes do it, pods may bind ports
  /// below 1024 without a capability.
  package static func addition(of pods: [PodNetwork]) -> String {
    guard !pods.isEmpty else { return "" }
    var text = "set -e\nip -batch - <<'END'\n"
    for pod in pods {
      text += """
        netns add \(pod.namespace)
        link add \(pod.interface) type veth peer name eth0 netns \(pod.namespace)
        link set \(pod.interface) up
        route add \(pod.address)/32 dev \(pod.interface)

        """
    }
    text += "END\njobs=\n"
    for pod in pods {
      text += """
        nsenter --net=/run/netns/\(pod.namespace) sh -c '\(kernelSettings)exec ip -batch -' <<'END' &
        link set lo up
        addr add \(pod.address)/32 dev eth0
        link set eth0 up
        route add \(AddressPlan.gateway) dev eth0 src \(pod.address)
        route add default via \(AddressPlan.gateway) src \(pod.address)
        END
        jobs="$jobs $!"

        """
    }
    return text + "for job in $jobs; do wait $job; done\n"
  }

  /// A script for `sh -s`, run in the node, that takes pods' networks away; what is already gone is no error.
  ///
  /// Links go first and all at once, as a group: the kernel waits once instead of once per link, and the names are
  /// free again when the script ends.
  package static func removal(of pods: [PodNetwork]) -> String {
    guard !pods.isEmpty else { return "" }
    let group = 4242
    let links = pods.map { "link set dev \($0.interface) group \(group)\n" }.joined()
    let names = pods.map(\.namespace).joined(separator: " ")
    return """
      ip -force -batch - <<'END' 2>/dev/null || true
      \(links)link del group \(group)
      END
      set -e
      for name in \(names); do
        [ ! -e "/run/netns/$name" ] || ip netns del "$name"
      done

      """
  }

  private static let kernelSettings =
    "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start; "
    + "[ ! -e /proc/sys/net/ipv6/conf/all/disable_ipv6 ] || echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; "
}
