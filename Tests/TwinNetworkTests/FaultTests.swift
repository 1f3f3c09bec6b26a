import Diagnostics
import FleetModel
import Testing

@testable import Twin

@Suite struct FaultTests {
  func drops(_ network: TestNetwork, _ fault: PartitionFault) async throws -> UInt64 {
    var sum: UInt64 = 0
    for index in 1...network.nodeCount {
      sum += try await network.node(index).reading(FaultTable.listCounters).packets(fault.counter, in: FaultTable.name)
    }
    return sum
  }

  func apply(_ network: TestNetwork, _ text: String) async throws {
    for index in 1...network.nodeCount { try await network.node(index).nft(text) }
  }

  @Test func aPartitionCutsBothDirectionsAndNothingElse() async throws {
    try await TestNetwork.with(nodes: 2, pods: ["a": 1, "b": 2, "c": 2]) { network in
      let (a, b, c) = (try network.address("a"), try network.address("b"), try network.address("c"))
      for name in ["a", "b", "c"] { try await network.pod(name).serve(name, tcp: [80]) }
      for index in 1...2 { try await network.node(index).serve("node", tcp: [53]) }
      let service = ServiceRoute(
        address: IPv4Address(10, 96, 0, 30), port: 80, endpoints: [.init(address: b, port: 80)])
      for index in 1...2 {
        try await network.node(index).nft(
          ServiceTable(nodeAddress: AddressPlan.nodeAddress(index), routes: [service]).text)
      }
      try await apply(network, FaultTable.setUp)
      let fault = try PartitionFault(id: "wave1_cut", between: [a], and: [b, AddressPlan.resolver])
      try await apply(network, fault.cut(for: .seconds(600)))
      try await apply(network, FaultTable.setUp)  // Set up again: what is cut stays cut.
      #expect(try await drops(network, fault) == 0)

      let pod = try network.pod("a")
      #expect(try await pod.attempt(b, 80, expectSilence: true) == .silence)
      let afterFirst = try await drops(network, fault)
      #expect(afterFirst > 0)
      #expect(try await pod.attempt(service.address, 80, expectSilence: true) == .silence)
      #expect(try await pod.attempt(AddressPlan.resolver, 53, expectSilence: true) == .silence)
      #expect(try await network.pod("b").attempt(a, 80, expectSilence: true) == .silence)
      #expect(try await drops(network, fault) > afterFirst)
      #expect(try await pod.attempt(c, 80).name == "c")
      #expect(try await network.pod("c").attempt(service.address, 80).name == "b")

      for _ in 1...2 { try await apply(network, fault.heal) }
      #expect(try await pod.attempt(b, 80).name == "b")
      #expect(try await drops(network, fault) > afterFirst)
    }
  }

  @Test func aCutEndsByItselfAndCanBeProlonged() async throws {
    try await TestNetwork.with(nodes: 1, pods: ["a": 1, "b": 1]) { network in
      let (a, b) = (try network.address("a"), try network.address("b"))
      try await network.pod("b").serve("b", tcp: [80])
      try await apply(network, FaultTable.setUp)
      let fault = try PartitionFault(id: "short", between: [a], and: [b])
      try await apply(network, fault.cut(for: .milliseconds(50)))
      try await apply(network, fault.cut(for: .seconds(600)))
      #expect(try await network.pod("a").attempt(b, 80, expectSilence: true) == .silence)
      try await apply(network, fault.cut(for: .milliseconds(700)))
      // TCP tries again by itself: the answer comes once the kernel has dropped the element.
      #expect(try await network.pod("a").attempt(b, 80).name == "b")
      try await apply(network, fault.heal)
      let rival = try PartitionFault(id: "rival", between: [a], and: [b])
      try await apply(network, fault.cut(for: .seconds(600)))
      await #expect(throws: CommandFailure.self) { try await apply(network, rival.cut(for: .seconds(600))) }
    }
  }

  @Test func badFaultsAreRefused() throws {
    let (a, b) = (IPv4Address(10, 244, 1, 2), IPv4Address(10, 244, 1, 3))
    #expect(throws: BulkheadError.self) { try PartitionFault(id: "x y", between: [a], and: [b]) }
    #expect(throws: BulkheadError.self) { try PartitionFault(id: "", between: [a], and: [b]) }
    #expect(throws: BulkheadError.self) { try PartitionFault(id: "x", between: [a, b], and: [b]) }
    #expect(try PartitionFault(id: "x", between: [], and: [b]).cut(for: .seconds(1)) == "")
  }

  @Test func answersOfNftAreReadWithTolerance() throws {
    let text = #"""
      {"nftables": [{"metainfo": {"x": -1.5}}, {"counter": {"name": "c", "table": "t", "packets": 3, "bytes": 180}},
       {"counter": {"name": "odd", "table": "t", "packets": -1, "bytes": 0}}, {"counter": 7}, null,
       {"set": {"name": "refused", "table": "bh_rooms", "elem": [
         {"elem": {"val": {"concat": ["10.244.1.9", "10.244.1.3", 6, 80]}, "counter": {"packets": 2, "bytes": 120}}},
         {"elem": {"val": {"concat": ["10.244.1.2", "10.244.1.3", "udp", 53]}}},
         {"elem": {"val": {"concat": ["nonsense", "10.244.1.3", "udp", 53]}}}, 5]}}]}
      """#
    let reading = try NftReading(Array(text.utf8))
    #expect(reading.counters == ["t": ["c": .init(packets: 3, bytes: 180)]])
    #expect(reading.refusals.map(\.source.description) == ["10.244.1.2", "10.244.1.9"])
    #expect(reading.refusals[1].transport == .tcp && reading.refusals[1].count.packets == 2)
    for bad in ["", "{", "[]", "{\"nftables\": 3}", String(repeating: "[", count: 100_000)] {
      #expect(throws: BulkheadError.self) { try NftReading(Array(bad.utf8)) }
    }
    #expect(throws: BulkheadError.self) { try NftReading(Array(repeating: 32, count: NftReading.limit + 1)) }
  }
}
