import FleetModel
import Testing

@testable import Twin

@Suite struct ServiceTests {
  static let service = IPv4Address(10, 96, 0, 20)
  static let canary = IPv4Address(10, 96, 128, 20)
  static let empty = IPv4Address(10, 96, 0, 21)

  func load(_ network: TestNetwork, _ routes: [ServiceRoute]) async throws {
    for index in 1...network.nodeCount {
      let table = ServiceTable(nodeAddress: AddressPlan.nodeAddress(index), routes: routes)
      try await network.node(index).nft(table.text)
    }
  }

  func endpoints(_ network: TestNetwork, _ names: [String], _ port: Int) throws -> [ServiceRoute.Endpoint] {
    try names.map { ServiceRoute.Endpoint(address: try network.address($0), port: port) }
  }

  @Test func serviceAddressesReachReadyPodsOnEveryNode() async throws {
    try await TestNetwork.with(nodes: 3, pods: ["a": 1, "b": 2, "c": 3, "client": 2]) { network in
      for name in ["a", "b", "c"] { try await network.pod(name).serve(name, tcp: [8080], udp: [5353]) }
      try await load(
        network,
        [
          ServiceRoute(address: Self.service, port: 80, endpoints: endpoints(network, ["a", "b"], 8080)),
          ServiceRoute(
            address: Self.service, port: 80, transport: .udp, endpoints: endpoints(network, ["b"], 5353)),
          ServiceRoute(address: Self.canary, port: 80, endpoints: endpoints(network, ["c"], 8080)),
          ServiceRoute(address: Self.empty, port: 80, endpoints: []),
        ])
      let client = try network.pod("client")
      // Both endpoints are hit (each of 60 choices missing one: 2^-59), and they see the caller's own address.
      let many = try await client.attempt(Array(repeating: Attempt(Self.service, 80), count: 60), answers: 60)
      #expect(Set(many.compactMap(\.name)) == ["a", "b"])
      #expect(Set(many.compactMap(\.seenFrom)) == [try network.address("client").description])
      #expect(try await client.attempt(Self.service, 80, "udp").name == "b")
      #expect(try await client.attempt(Self.canary, 80).name == "c")
      // No endpoints, a port that is none, an address that is none: refused at once.
      #expect(try await client.attempt(Self.empty, 80) == .refused)
      #expect(try await client.attempt(Self.service, 81) == .refused)
      #expect(try await client.attempt(IPv4Address(10, 96, 77, 77), 80, "udp") == .refused)
      // A node's own processes.
      #expect(try await network.node(1).attempt(Self.canary, 80).name == "c")
      #expect(try await network.node(3).attempt(Self.canary, 80).name == "c")
      #expect(try await network.node(1).attempt(Self.empty, 80) == .refused)
    }
  }

  @Test func aPodReachesItselfThroughItsService() async throws {
    try await TestNetwork.with(nodes: 1, pods: ["a": 1]) { network in
      try await network.pod("a").serve("a", tcp: [8080])
      try await load(
        network, [ServiceRoute(address: Self.service, port: 80, endpoints: endpoints(network, ["a"], 8080))])
      let outcome = try await network.pod("a").attempt(Self.service, 80)
      #expect(outcome.name == "a")
      #expect(outcome.seenFrom == AddressPlan.nodeAddress(1).description)
    }
  }

  @Test func everyNodeAnswersItsOwnFixedAddressesAndReplacementIsWhole() async throws {
    try await TestNetwork.with(nodes: 2, pods: ["a": 1, "b": 2]) { network in
      for index in 1...2 {
        try await network.node(index).serve("node\(index)", tcp: [443, 8000], udp: [53], address: AddressPlan.resolver)
      }
      try await network.pod("a").serve("a", tcp: [8080])
      try await load(
        network, [ServiceRoute(address: Self.service, port: 80, endpoints: endpoints(network, ["a"], 8080))])
      for (pod, node) in [("a", "node1"), ("b", "node2")] {
        let place = try network.pod(pod)
        #expect(try await place.attempt(AddressPlan.resolver, 53, "udp").name == node)
        #expect(try await place.attempt(AddressPlan.apiServer, AddressPlan.apiServerPort).name == node)
        #expect(try await place.attempt(AddressPlan.metadataService, 8000).name == node)
        #expect(try await place.attempt(AddressPlan.outside, 8000).name == node)
        #expect(try await place.attempt(AddressPlan.nodeAddress(1), 8000).name == "node1")
        #expect(try await place.attempt(AddressPlan.nodeAddress(2), 8000).name == "node2")
      }
      #expect(try await network.pod("b").attempt(Self.service, 80).name == "a")
      try await load(network, [])
      #expect(try await network.pod("b").attempt(Self.service, 80) == .refused)
      for _ in 1...2 { try await network.node(2).nft(ServiceTable.removal) }
    }
  }

  @Test func aPodCannotUseAnotherPodsAddress() async throws {
    try await TestNetwork.with(nodes: 2, pods: ["a": 1, "liar": 1, "server": 2]) { network in
      try await network.pod("server").serve("server", tcp: [], udp: [5000])
      let liar = try network.pod("liar")
      let server = try network.address("server")
      #expect(try await liar.attempt(server, 5000, "udp").name == "server")
      try await liar.shell(
        """
        ip addr add \(try network.address("a"))/32 dev eth0
        ip addr del \(try network.address("liar"))/32 dev eth0
        ip route replace \(AddressPlan.gateway) dev eth0
        ip route replace default via \(AddressPlan.gateway) dev eth0

        """)
      let node = network.node(2)
      try await node.nft(
        """
        table inet count {
          counter spoofed { }
          chain seen {
            type filter hook forward priority 0
            udp dport 5000 counter name spoofed
          }
        }

        """)
      func spoofed() async throws -> UInt64 {
        try await node.reading(["nft", "-j", "list", "counters"]).packets("spoofed", in: "count")
      }
      #expect(try await liar.attempt(server, 5000, "udp", expectSilence: true) == .silence)
      #expect(try await spoofed() == 0)
      // The positive control: without the kernel's check the same packets do arrive.
      try await network.node(1).shell("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done")
      #expect(try await liar.attempt(server, 5000, "udp", expectSilence: true) == .silence)
      #expect(try await spoofed() > 0)
    }
  }

  @Test func removalLeavesNamesFreeAndMayBeRepeated() async throws {
    try await TestNetwork.with(nodes: 1, pods: ["a": 1, "b": 1]) { network in
      let pods = network.pods.values.map(\.network).sorted { $0.address < $1.address }
      let node = network.node(1)
      try await node.shell(PodNetwork.removal(of: [pods[0]]))
      try await node.shell(PodNetwork.addition(of: [pods[0]]))
      for _ in 1...2 { try await node.shell(PodNetwork.removal(of: pods)) }
      #expect(try await node.shell("ip -o link show type veth") == "")
      try await node.shell(PodNetwork.addition(of: pods))
      try await network.pod("a").serve("a", tcp: [80])
      #expect(try await network.pod("b").attempt(try network.address("a"), 80).name == "a")
    }
  }
}
