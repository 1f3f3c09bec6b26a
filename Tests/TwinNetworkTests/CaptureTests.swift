import Testing

@testable import Twin

@Suite struct CaptureTests {
  @Test func tcpGoesThroughTheSidecarAndNothingElseDoes() async throws {
    try await TestNetwork.with(nodes: 1, pods: ["app": 1, "peer": 1]) { network in
      let (app, peer) = (try network.pod("app"), try network.pod("peer"))
      let (appAddress, peerAddress) = (try network.address("app"), try network.address("peer"))
      try await app.serve("outbound", tcp: [15001])
      try await app.serve("inbound", tcp: [15006])
      try await app.serve("app", tcp: [8080, 9090, 15000], udp: [5353])
      try await peer.serve("peer", tcp: [80, 8125], udp: [5353])
      var rules = CaptureRules()
      rules.excludedInboundPorts = [9090]
      rules.excludedOutboundPorts = [8125]
      // Twice: a second load replaces the first.
      for _ in 1...2 { try await app.nft(rules.text) }

      let inbound = try await peer.attempt(appAddress, 8080)
      #expect(inbound.name == "inbound" && inbound.meant == "\(appAddress):8080")
      #expect(try await peer.attempt(appAddress, 15000).name == "inbound")
      #expect(try await peer.attempt(appAddress, 9090).name == "app")
      #expect(try await peer.attempt(appAddress, 5353, "udp").name == "app")

      let outbound = try await app.attempt(peerAddress, 80)
      #expect(outbound.name == "outbound" && outbound.meant == "\(peerAddress):80")
      let service = try await app.attempt(IPv4Address(10, 96, 0, 20), 80)
      #expect(service.name == "outbound" && service.meant == "10.96.0.20:80")
      #expect(try await app.attempt(peerAddress, 8125).name == "peer")
      #expect(try await app.attempt(peerAddress, 5353, "udp").name == "peer")
      #expect(try await app.attempt(peerAddress, 80, group: 1337).name == "peer")
      // By loopback and by the pod's own address the application talks to itself directly, as its sidecar does to it.
      #expect(try await app.attempt(IPv4Address(127, 0, 0, 1), 8080).name == "app")
      #expect(try await app.attempt(appAddress, 8080).name == "app")
      #expect(try await app.attempt(appAddress, 8080, group: 1337).name == "app")

      rules.loopsBackToInbound = true
      try await app.nft(rules.text)
      #expect(try await app.attempt(appAddress, 8080).name == "app")
      #expect(try await app.attempt(appAddress, 8080, group: 1337).name == "inbound")

      rules.excludedOutboundRanges = [IPv4Range(peerAddress)]
      try await app.nft(rules.text)
      #expect(try await app.attempt(peerAddress, 80).name == "peer")

      for _ in 1...2 { try await app.nft(CaptureRules.removal) }
      #expect(try await peer.attempt(appAddress, 8080).name == "app")
    }
  }
}
