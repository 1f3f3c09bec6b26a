import Diagnostics

/// The names of one service, as pods ask for them.
package struct ServiceName: Sendable, Equatable {
  /// A ready pod behind a headless service; `hostname` gives it a name of its own (StatefulSet pods have one).
  package struct Pod: Sendable, Equatable {
    package var address: IPv4Address
    package var hostname: String?

    package init(address: IPv4Address, hostname: String? = nil) {
      self.address = address
      self.hostname = hostname
    }
  }
  package var name: String
  package var namespace: String
  /// Nil for a headless service.
  package var address: IPv4Address?
  /// The address that leads to canary pods alone, while there are any.
  package var canaryAddress: IPv4Address?
  /// Ready pods; they are the answer where there is no address.
  package var pods: [Pod]

  package init(
    name: String, namespace: String, address: IPv4Address?, canaryAddress: IPv4Address? = nil, pods: [Pod] = []
  ) {
    self.name = name
    self.namespace = namespace
    self.address = address
    self.canaryAddress = canaryAddress
    self.pods = pods
  }
}

/// The cluster's DNS: one dnsmasq on every node, at `AddressPlan.resolver`, which knows the twin's names and no others.
///
/// A name that is not known does not exist (NXDOMAIN), nothing is asked upstream, AAAA answers are empty and nothing is
/// cached by anyone (TTL 0). SIGHUP makes it read the hosts file again.
package struct Resolver: Sendable, Equatable {
  package static let domain = "cluster.local"
  package var services: [ServiceName]

  package init(services: [ServiceName]) { self.services = services }

  /// `--no-daemon` keeps it in the foreground under the user it was started as: giving up root needs calls that a user
  /// namespace may refuse, and the process cannot leave the world anyway.
  package static func command(program: String = "dnsmasq", hostsFile: String) -> [String] {
    [
      program, "--no-daemon", "--conf-file=/dev/null", "--pid-file=", "--no-resolv", "--no-hosts", "--no-poll",
      "--addn-hosts=\(hostsFile)", "--listen-address=\(AddressPlan.resolver)", "--bind-interfaces", "--port=53",
      // Whatever the hosts file does not know does not exist.
      "--address=/#/", "--local-ttl=0", "--cache-size=0", "--log-facility=-",
    ]
  }

  /// The hosts file. Search domains (`resolvConf`) supply all shorter forms. Throws `badInput` for a name that is no
  /// DNS name.
  ///
  /// Service: `NAME.NAMESPACE.svc.cluster.local`; its canary: `NAME.NAMESPACE.canary.cluster.local`; a pod with a host
  /// name behind a headless service: `HOST.NAME.NAMESPACE.svc.cluster.local`.
  package func hosts() throws -> String {
    var lines: [(String, IPv4Address)] = []
    for service in services {
      let full = "\(service.name).\(service.namespace).svc.\(Self.domain)"
      if let address = service.address {
        lines.append((full, address))
      } else {
        lines += service.pods.map { (full, $0.address) }
      }
      if let canary = service.canaryAddress {
        lines.append(("\(service.name).\(service.namespace).canary.\(Self.domain)", canary))
      }
      lines += service.pods.compactMap { pod in pod.hostname.map { ("\($0).\(full)", pod.address) } }
    }
    for (name, _) in lines { try Self.check(name) }
    return lines.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0.1) \($0.0)\n" }.joined()
  }

  /// `/etc/resolv.conf` of a pod, as the kubelet writes it for `dnsPolicy: ClusterFirst`.
  package static func resolvConf(namespace: String) -> String {
    """
    search \(namespace).svc.\(domain) svc.\(domain) \(domain)
    nameserver \(AddressPlan.resolver)
    options ndots:5

    """
  }

  /// A name from a manifest must not be able to add lines or other names to the file.
  private static func check(_ name: String) throws {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let good = labels.allSatisfy { label in
      (1...63).contains(label.utf8.count)
        && label.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
    guard good, name.utf8.count <= 253 else {
      throw BulkheadError(
        .badInput, "\"\(name.safeForTerminal)\" is no DNS name",
        cure: "name services with small letters, digits and '-', at most 63 of them")
    }
  }
}
