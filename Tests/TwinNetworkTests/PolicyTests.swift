import Diagnostics
import FleetModel
import FoundationEssentials
import Testing

@testable import Twin

@Suite struct PolicyTests {
  @Test func decisionsAgreeWithASecondReadingOfTheRules() throws {
    var seen = (allowed: 0, denied: 0)
    for seed in 0..<200 as Range<UInt64> {
      var fixture = PolicyFixture(seed: seed, podCount: 9, policyCount: Int(seed % 7))
      if seed % 5 == 0 { fixture.namespaces["blue"] = nil }
      let compiled = try CompiledPolicies(
        pods: fixture.pods, namespaces: fixture.namespaces, policies: fixture.policies, own: fixture.own)
      let brute = BruteForce(fixture: fixture)
      let strangers = ["198.51.100.10", "172.31.0.1"].map { (PolicyPod?.none, $0) }
      let everyone = fixture.pods.map { (Optional($0), $0.address.description) } + strangers
      for (source, from) in everyone {
        for (target, to) in everyone {
          for (port, transport) in [
            (80, Transport.tcp), (81, .tcp), (8080, .tcp), (9000, .tcp), (80, .udp), (1, .sctp),
          ] {
            let expected = brute.allows(from: source, from, to: target, to, port: port, transport: transport)
            let actual = compiled.allows(
              from: try #require(IPv4Address(from)), to: try #require(IPv4Address(to)), transport: transport, port: port
            )
            if expected != actual {
              Issue.record("seed \(seed): \(from) → \(to):\(port)/\(transport) should be \(expected)")
            }
            if expected { seen.allowed += 1 } else { seen.denied += 1 }
          }
        }
      }
    }
    // The fleets must try both answers often, or agreement would mean little.
    #expect(seen.allowed > 10_000 && seen.denied > 10_000)
  }

  /// The same random fleets in the kernel: every pair of pods, every port, real connections.
  @Test(arguments: [3, 11, 23, 38] as [UInt64])
  func theKernelDecidesAlike(seed: UInt64) async throws {
    let fixture = PolicyFixture(seed: seed, podCount: 8, policyCount: 4)
    let placing = Dictionary(
      uniqueKeysWithValues: fixture.pods.map { ($0.id, Int($0.address.bits >> 8 & 255)) })
    try await TestNetwork.with(nodes: 2, pods: placing) { network in
      let compiled = try CompiledPolicies(
        pods: fixture.pods, namespaces: fixture.namespaces, policies: fixture.policies, own: fixture.own)
      for pod in fixture.pods {
        try #require(try network.address(pod.id) == pod.address)
        try await network.pod(pod.id).serve(pod.id, tcp: PolicyFixture.ports)
      }
      for index in 1...2 {
        try await network.node(index).serve("node", tcp: [80, 8080])
        for _ in 1...2 {  // Loading twice must not double anything.
          try await network.node(index).nft(PolicyTable(node: "node-\(index)", policies: compiled).text)
        }
      }
      let brute = BruteForce(fixture: fixture)
      var denied = 0
      for source in fixture.pods {
        let from = source.address.description
        let inside = fixture.pods.filter { $0.id != source.id }.flatMap { pod in
          PolicyFixture.ports.map { (Attempt(pod.address, $0), Optional(pod)) }
        }
        let attempts = inside + [80, 8080].map { (Attempt(AddressPlan.outside, $0), nil) }
        let expected = attempts.map { attempt, pod in
          brute.allows(from: source, from, to: pod, attempt.address, port: attempt.port, transport: .tcp)
        }
        let outcomes = try await network.pod(source.id).attempt(
          attempts.map(\.0), answers: expected.count(where: { $0 }))
        for ((attempt, pod), (expected, outcome)) in zip(attempts, zip(expected, outcomes)) {
          let right = expected ? outcome.name == pod?.id ?? "node" : outcome == .silence
          if !right { Issue.record("\(from) → \(attempt): expected \(expected), saw \(outcome)") }
        }
        denied += expected.count(where: { !$0 })
      }
      var refused = 0
      for index in 1...2 {
        refused += Set(try await network.node(index).reading(NftReading.listRefusals).refusals.map(Flow.init)).count
      }
      #expect(refused == denied)
    }
  }

  struct Flow: Hashable {
    let text: String
    init(_ refusal: NftReading.Refusal) {
      text = "\(refusal.source) \(refusal.destination) \(refusal.port) \(refusal.transport)"
    }
  }

  func pod(_ id: String, _ address: IPv4Address, node: Int, _ labels: [String: String]) -> PolicyPod {
    PolicyPod(id: id, address: address, namespace: "shop", labels: labels, node: "node-\(node)")
  }

  func denyAll(_ app: String) -> NetworkPolicy {
    var policy = NetworkPolicy(
      id: ObjectReference(kind: "NetworkPolicy", namespace: "shop", name: "deny-\(app)"),
      location: SourceLocation(file: "test", line: 1))
    policy.podSelector = LabelSelector([.init(key: "app", operation: .isIn, values: [app])])
    policy.governsEgress = true
    return policy
  }

  @Test func isolationHoldsForTheNodesOwnAddressesAndSinglePods() async throws {
    try await TestNetwork.with(nodes: 2, pods: ["a1": 1, "a2": 1, "b": 2]) { network in
      let pods = [
        pod("a1", try network.address("a1"), node: 1, ["app": "a"]),
        pod("a2", try network.address("a2"), node: 1, ["app": "a"]),
        pod("b", try network.address("b"), node: 2, ["app": "b"]),
      ]
      for index in 1...2 {
        try await network.node(index).serve("node", tcp: [80, 443], udp: [53], address: AddressPlan.resolver)
      }
      for name in ["a1", "a2", "b"] { try await network.pod(name).serve(name, tcp: [80]) }
      var canaryOnly = denyAll("a")
      canaryOnly.egress = [
        .init(
          peers: [
            .pods(
              namespaces: LabelSelector(),
              pods: LabelSelector([.init(key: "k8s-app", operation: .isIn, values: ["kube-dns"])]))
          ], ports: [.init(transport: .udp, number: .range(53, 53))])
      ]
      func load(_ own: [String: [NetworkPolicy]], _ policies: [NetworkPolicy] = []) async throws {
        let compiled = try CompiledPolicies(pods: pods, namespaces: [:], policies: policies, own: own)
        for index in 1...2 {
          try await network.node(index).nft(PolicyTable(node: "node-\(index)", policies: compiled).text)
        }
      }
      try await load(["a1": [canaryOnly]])
      let isolated = try network.pod("a1")
      let fixed =
        [
          AddressPlan.outside, AddressPlan.metadataService, AddressPlan.apiServer, AddressPlan.gateway,
          AddressPlan.nodeAddress(1), AddressPlan.nodeAddress(2), try network.address("a2"), try network.address("b"),
        ].map { Attempt($0, 80) } + [Attempt(AddressPlan.resolver, 80), Attempt(AddressPlan.outside, 53, "udp")]
      #expect(try await isolated.attempt(fixed, answers: 0) == Array(repeating: .silence, count: fixed.count))
      #expect(try await isolated.attempt(AddressPlan.resolver, 53, "udp").name == "node")
      #expect(try await isolated.attempt(try network.address("a1"), 80).name == "a1")
      // Nobody reaches it but its own node, whose health checks no policy stops; the other pod of the workload is free.
      #expect(try await network.pod("b").attempt(try network.address("a1"), 80, expectSilence: true) == .silence)
      #expect(try await network.node(1).attempt(try network.address("a1"), 80).name == "a1")
      #expect(try await network.pod("a2").attempt(AddressPlan.outside, 80).name == "node")
      #expect(try await network.pod("b").attempt(try network.address("a2"), 80).name == "a2")

      let reading = try await network.node(1).reading(NftReading.listRefusals)
      #expect(reading.packets("refused_egress", in: PolicyTable.name) >= UInt64(fixed.count))
      #expect(reading.packets("refused_ingress", in: PolicyTable.name) > 0)
      #expect(
        reading.refusals.contains { $0.destination == AddressPlan.outside && $0.transport == .udp && $0.port == 53 })

      // Taken back: free again, and the counts are still there.
      try await load([:])
      #expect(try await isolated.attempt(AddressPlan.outside, 80).name == "node")
      let after = try await network.node(1).reading(NftReading.listRefusals)
      #expect(
        after.packets("refused_egress", in: PolicyTable.name) >= reading.packets("refused_egress", in: PolicyTable.name)
      )
      #expect(after.refusals.count >= reading.refusals.count)
    }
  }

  @Test func aNewPolicyCutsAnOpenConnectionAndRepliesAlwaysPass() async throws {
    try await TestNetwork.with(nodes: 1, pods: ["a": 1, "b": 1]) { network in
      let pods = [
        pod("a", try network.address("a"), node: 1, ["app": "a"]),
        pod("b", try network.address("b"), node: 1, ["app": "b"]),
      ]
      try await network.pod("b").serve("b", tcp: [80], udp: [9])
      // b may not open anything, but must answer.
      var silent = denyAll("b")
      silent.ingress = [.init()]
      let compiled = try CompiledPolicies(pods: pods, namespaces: [:], policies: [silent])
      try await network.node(1).nft(PolicyTable(node: "node-1", policies: compiled).text)
      #expect(try await network.pod("a").attempt(try network.address("b"), 80).name == "b")
      // One socket, before and after: a flow that connection tracking knows is not exempt.
      let folder = FileManager.default.temporaryDirectory.appending(path: network.prefix)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let fifo = folder.path + "/go"
      try await shell("mkfifo '\(fifo)'")
      let held = """
        use Socket; socket(my $s, PF_INET, SOCK_DGRAM, 0);
        sub patience { setsockopt($s, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', @_)) }
        connect($s, sockaddr_in(9, inet_aton(shift))); my $fifo = shift;
        sub ask { syswrite $s, 'x'; return sysread($s, my $d, 99) ? 'yes' : 'no' }
        patience(10, 0); print ask(); open my $f, '<', $fifo; <$f>; patience(0, 300000); print ' ', ask();
        """
      let place = try network.pod("a")
      async let answers = place.perl(held, [try network.address("b").description, fifo])
      let nobody = try CompiledPolicies(pods: pods, namespaces: [:], policies: [denyAll("b")])
      // Opening the pipe for writing waits until the first answer is in.
      try await shell(
        "exec 3>\(fifo)\nnsenter --net=/run/netns/\(network.nodeNamespace(1)) nft -f - <<'END'\n"
          + PolicyTable(node: "node-1", policies: nobody).text + "END\necho >&3\n")
      #expect(try await answers == "yes no")
    }
  }

  @Test func textIsTheSameEveryTimeAndBadInputIsRefused() throws {
    let fixture = PolicyFixture(seed: 5, podCount: 9, policyCount: 6)
    func text(_ pods: [PolicyPod]) throws -> String {
      PolicyTable(
        node: "node-1",
        policies: try CompiledPolicies(pods: pods, namespaces: fixture.namespaces, policies: fixture.policies)
      ).text
    }
    #expect(try text(fixture.pods) == text(fixture.pods.reversed()))
    #expect(throws: BulkheadError.self) { try text(fixture.pods + [fixture.pods[0]]) }
    var bad = denyAll("a")
    bad.ingress = [.init(peers: [.block(cidr: "10.0.0.0/40", except: [])])]
    let error = #expect(throws: BulkheadError.self) {
      try CompiledPolicies(pods: [], namespaces: [:], policies: [bad])
    }
    #expect(error?.exit == .badInput && error?.location?.line == 1)
    bad.ingress = [.init(peers: [.block(cidr: "2001:db8::/32", except: [])])]
    #expect(throws: Never.self) { try CompiledPolicies(pods: [], namespaces: [:], policies: [bad]) }
  }
}
