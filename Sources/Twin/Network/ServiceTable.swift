package import FleetModel

/// One service port with its virtual address and the pods that are ready to answer.
package struct ServiceRoute: Sendable, Equatable {
  package struct Endpoint: Sendable, Equatable, Hashable {
    package var address: IPv4Address
    package var port: Int

    package init(address: IPv4Address, port: Int) {
      self.address = address
      self.port = port
    }
  }
  package var address: IPv4Address
  package var port: Int
  package var transport: Transport
  /// Ready endpoints alone; none means that callers are refused at once.
  package var endpoints: [Endpoint]

  package init(address: IPv4Address, port: Int, transport: Transport = .tcp, endpoints: [Endpoint]) {
    self.address = address
    self.port = port
    self.transport = transport
    self.endpoints = endpoints
  }
}

/// Service addresses on one node: what kube-proxy does, for callers without a sidecar and for the node itself.
///
/// The same routes go to every node; each connection picks one of the ready endpoints at random. A stable and a canary
/// address of the same service are two routes. What is sent to the service range and is neither a route with endpoints
/// nor an address of the node is refused (TCP reset, otherwise ICMP port unreachable).
package struct ServiceTable: Sendable, Equatable {
  package static let name = "bh_services"
  /// The node's own address: the source a pod sees when it calls itself through its service.
  package var nodeAddress: IPv4Address
  package var routes: [ServiceRoute]

  package init(nodeAddress: IPv4Address, routes: [ServiceRoute]) {
    self.nodeAddress = nodeAddress
    self.routes = routes
  }

  /// One `nft -f -` transaction that replaces the whole table. Running connections keep their endpoint.
  package var text: String {
    let live = Self.liveRoutes(routes)
    let chains = live.enumerated().map { Self.chain($0.offset + 1, $0.element) }.joined()
    let hairpin = Self.hairpin(live)
    let dispatch = live.isEmpty ? "" : "    \(Self.dispatch(live))\n"
    let refusal = "ip daddr \(AddressPlan.servicePrefix) fib daddr type != local"
    return """
      add table ip \(Self.name)
      delete table ip \(Self.name)
      table ip \(Self.name) {
      \(chains)  chain from_pods {
          type nat hook prerouting priority -100; policy accept;
      \(dispatch)  }
        chain from_node {
          type nat hook output priority -100; policy accept;
      \(dispatch)  }
        chain to_itself {
          type nat hook postrouting priority 100; policy accept;
      \(hairpin.isEmpty ? "" : "    ip saddr . ip daddr { \(hairpin) } snat to \(nodeAddress)\n")  }
        chain nobody_home_pods {
          type filter hook prerouting priority -90; policy accept;
          \(refusal) meta l4proto tcp reject with tcp reset
          \(refusal) reject
        }
        chain nobody_home_node {
          type filter hook output priority -90; policy accept;
          \(refusal) meta l4proto tcp reject with tcp reset
          \(refusal) reject
        }
      }

      """
  }

  /// Removes the table; none there is no error.
  package static let removal = "add table ip \(name)\ndelete table ip \(name)\n"

  private struct Key: Hashable {
    var address: IPv4Address
    var transport: Transport
    var port: Int
  }

  /// Routes with endpoints, those of one address and port joined, in a fixed order.
  private static func liveRoutes(_ routes: [ServiceRoute]) -> [ServiceRoute] {
    var joined: [Key: Set<ServiceRoute.Endpoint>] = [:]
    for route in routes {
      joined[Key(address: route.address, transport: route.transport, port: route.port), default: []]
        .formUnion(route.endpoints)
    }
    return joined.filter { !$0.value.isEmpty }.map { key, endpoints in
      ServiceRoute(
        address: key.address, port: key.port, transport: key.transport,
        endpoints: endpoints.sorted { ($0.address, $0.port) < ($1.address, $1.port) })
    }.sorted { ($0.address, $0.port, $0.transport.rawValue) < ($1.address, $1.port, $1.transport.rawValue) }
  }

  private static func dispatch(_ routes: [ServiceRoute]) -> String {
    let verdicts = routes.enumerated().map { offset, route in
      "\(route.address) . \(route.transport.nftName) . \(route.port) : goto route_\(offset + 1)"
    }.joined(separator: ", ")
    return "ip daddr . meta l4proto . th dport vmap { \(verdicts) }"
  }

  private static func chain(_ number: Int, _ route: ServiceRoute) -> String {
    let target: String
    if route.endpoints.count == 1 {
      target = "\(route.endpoints[0].address):\(route.endpoints[0].port)"
    } else {
      let choices = route.endpoints.enumerated().map { "\($0.offset) : \($0.element.address) . \($0.element.port)" }
      target = "numgen random mod \(choices.count) map { \(choices.joined(separator: ", ")) }"
    }
    return """
        chain route_\(number) {
          meta l4proto \(route.transport.nftName) dnat ip to \(target)
        }

      """
  }

  private static func hairpin(_ routes: [ServiceRoute]) -> String {
    Set(routes.flatMap(\.endpoints).map(\.address)).sorted().map { "\($0) . \($0)" }.joined(separator: ", ")
  }
}

extension Transport {
  /// As nft spells it.
  var nftName: String {
    switch self {
    case .tcp: "tcp"
    case .udp: "udp"
    case .sctp: "sctp"
    }
  }
}
