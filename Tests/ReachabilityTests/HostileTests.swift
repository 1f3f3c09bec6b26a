import Diagnostics
import FleetModel
import TestSupport
import Testing

@testable import Reachability

@Suite struct HostilePolicies {
  @Test func aHundredThousandRulesWithBlocksOfTheirOwn() {
    let rules = (0..<100_000).map { number in
      NetworkPolicy.Rule(
        peers: [.block(cidr: "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)/32", except: [])],
        ports: [.tcp(1 + number % 7)])
    }
    let input = fleet([pod("a", ["app": "a"]), pod("b")], [policy("huge", ingress: rules, egress: rules)])
    let index = ReachIndex(input)
    #expect(index.addressesV4(.egress)[0].count == 100_000)
    #expect(index.egress(from: 0, to: .v4(0x0A00_0007), port: 1))
    #expect(!index.egress(from: 0, to: .v4(0x0A00_0007), port: 2))
    #expect(index.connections(from: 0).isEmpty)
  }

  @Test func aHundredThousandRulesWithPortsOfTheirOwn() {
    let rules = (0..<100_000).map { number in
      NetworkPolicy.Rule(
        peers: [.pods(namespaces: nil, pods: labels(["app": "x\(number % 50)"]))],
        ports: [.tcp(1 + (number * 2) % 65_000)])
    }
    let pods = (0..<50).map { pod("p\($0)", ["app": "x\($0)"]) }
    let index = ReachIndex(fleet(pods, [policy("huge", ingress: rules)]))
    #expect(index.classes.count == 50)
    let wanted = Set((0..<100_000).filter { $0 % 50 == 0 }.map { 1 + ($0 * 2) % 65_000 })
    let ports = index.ports(from: index.classID(ofWorkload: 0), to: index.classID(ofWorkload: 1))
    #expect((1...65_535).allSatisfy { ports.contains($0, .tcp) == wanted.contains($0) })
  }

  /// Each rule leaves out one address and has one port: told apart they would be billions of ranges.
  @Test func blocksThatOverlapWithoutEnd() {
    let count = 3_000
    let rules = (0..<count).map { number in
      NetworkPolicy.Rule(
        peers: [.block(cidr: "0.0.0.0/0", except: ["10.\(number >> 8).\(number & 255).0/32"])],
        ports: [.tcp(1 + number * 2)])
    }
    let index = ReachIndex(fleet([pod("a")], [policy("huge", egress: rules)]))
    #expect(index.findings.map(\.code) == ["BH-REACH-004"])
    let ranges = index.addressesV4(.egress)[0]
    #expect(ranges.reduce(0) { $0 + $1.ports.size } <= 2 * PolicyPart.mostRanges)
    for number in stride(from: 0, to: count, by: 997) {
      // Never less than is open.
      let open = ranges.first { $0.low <= 0x0B00_0000 && 0x0B00_0000 <= $0.high }?.ports ?? .none
      #expect(open.contains(1 + number * 2, .tcp))
    }
  }

  /// One rule with every other port; and as many rules that name the same pods, each with a port of its own.
  @Test func everyOtherPort() {
    let ports = stride(from: 1, to: 65_536, by: 2).map { NetworkPolicy.Port.tcp($0) }
    let everyone = NetworkPolicy.Peer.pods(namespaces: nil, pods: labels(["app": "a"]))
    let together = policy("together", selects: labels(["app": "b"]), ingress: [.init(peers: [everyone], ports: ports)])
    let apart = policy(
      "apart", selects: labels(["app": "b"]), egress: ports.map { .init(peers: [everyone], ports: [$0]) })
    let index = ReachIndex(fleet([pod("a", ["app": "a"]), pod("b", ["app": "b"])], [together, apart]))
    let (a, b) = (index.classID(ofWorkload: 0), index.classID(ofWorkload: 1))
    for open in [index.ports(from: a, to: b), index.ports(from: b, to: a)] {
      #expect((1...65_535).allSatisfy { open.contains($0, .tcp) == ($0 % 2 == 1) })
    }
  }

  @Test func selectorsThatMatchNothing() {
    let nowhere = LabelSelector([.init(key: "no", operation: .exists)])
    let rules: [NetworkPolicy.Rule] = [
      .init(peers: [.pods(namespaces: nowhere, pods: nil)]), .init(peers: [.pods(namespaces: nil, pods: nowhere)]),
      .init(peers: [.pods(namespaces: labels(["kubernetes.io/metadata.name": "gone"]), pods: LabelSelector())]),
    ]
    let input = fleet(
      [pod("a"), pod("b")],
      [
        policy("n", ingress: rules, egress: rules), policy("elsewhere", in: "gone", ingress: []),
        policy("nobody", selects: nowhere, ingress: []),
      ])
    #expect(input.lines().isEmpty)
  }

  @Test func noPodsAtAll() {
    let input = fleet([], [policy("deny", ingress: [], egress: [.init()])])
    #expect(input.lines().isEmpty)
    #expect(ReachIndex(input).replacing(policy: policy("deny", egress: [])).classes.isEmpty)
  }

  @Test func portsOutOfRange() {
    let rules: [NetworkPolicy.Rule] = [.init(ports: [.tcp(0, 0), .tcp(70_000, 80_000), .tcp(90, 80), .tcp(-5, 3)])]
    let index = ReachIndex(fleet([pod("a"), pod("b", ["x": "y"])], [policy("odd", ingress: rules)]))
    #expect(index.ports(from: 0, to: 0).description == "TCP 1-3")
  }

  @Test func addressesOfManyForms() {
    #expect(Address("::ffff:10.0.0.1") == .v4(0x0A00_0001))
    #expect(Address("fe80::1").map { "\($0)" } != nil)
    for text in [
      "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "01.2.3.4", ":", ":::", "1::2::3", "g::1", "+1::",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8:9", "", " 1.2.3.4", "12345::", "1.2.3.4::",
    ] {
      #expect(Address(text) == nil, "\(text)")
    }
    #expect(IPv6.text(IPv6.value("2001:DB8:0:0:1:0:0:1") ?? 0) == "2001:db8::1:0:0:1")
    #expect(IPv6.text(0) == "::")
    #expect(IPv6.text(IPv6.value("1:0:2:3:4:5:6:7") ?? 0) == "1:0:2:3:4:5:6:7")
  }

  @Test func randomTextsAreNoAddressesAndNoTraps() {
    var random = SplitMix64(11)
    let letters = Array("0123456789abcdef:./ %+-xé")
    for _ in 0..<20_000 {
      let text = String((0..<random.below(24)).map { _ in letters[random.below(letters.count)] })
      if let block = AddressSet(block: text) { #expect(!block.isEmpty) }
    }
  }
}
