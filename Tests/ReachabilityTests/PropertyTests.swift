import FleetModel
import Foundation
import Testing

@testable import Reachability

@Suite struct ReachabilityProperties {
  private static let packets: [(Int, Transport)] = [
    (1, .tcp), (53, .udp), (53, .tcp), (80, .tcp), (80, .sctp), (85, .tcp), (443, .tcp), (8080, .udp), (65_535, .tcp),
  ]
  /// Both sides of every edge of the blocks the fleets use.
  private static let v4: [UInt32] = [
    0, 0x09FF_FFFF, 0x0A00_0000, 0x0A00_FFFF, 0x0A01_0000, 0x0A01_01FF, 0x0A01_0200, 0x0A01_0203, 0x0A01_0204,
    0x0A01_0300, 0x0A02_0000, 0x0A7F_FFFF, 0x0A80_0000, 0x0B00_0000, 0x7FFF_FFFF, 0x8000_0000, 0xA9FE_A9FE, 0xC0A8_0000,
    0xC0A8_FFFF, 0xC0A9_0000, 0xFFFF_FFFF,
  ]
  private static let v6: [UInt128] = [
    0x1_0000_0000_0000_0000, 0xfd << 120, (0xfe << 120) - 1, 0xfe << 120, 0x2001_0db8 << 96, 0x2001_0db8_0001 << 80,
    0x2001_0db8_0002 << 80, UInt128.max,
  ]

  private static var rounds: Int { ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 1_200 : 60_000 }

  @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
  func agreesWithBruteForce(admin: Bool, exempt: Bool) {
    for seed in 0..<UInt64(Self.rounds / 4) {
      var source = RandomFleet(seed: seed &* 4 &+ (admin ? 1 : 0) &+ (exempt ? 2 : 0))
      let fleet = source.make(admin: admin)
      let index = ReachIndex(fleet, options: ReachOptions(exemptHostNetwork: exempt))
      if let difference = Self.difference(fleet, index, exempt: exempt) {
        Issue.record("seed \(seed): \(difference)")
        return
      }
    }
  }

  @Test func aChangedPolicyGivesWhatReadingAllAnewGives() {
    for seed in 0..<UInt64(Self.rounds / 4) {
      var source = RandomFleet(seed: 7_000_000 &+ seed)
      var fleet = source.make(admin: seed % 2 == 0)
      var index = ReachIndex(fleet)
      for _ in 0..<3 {
        let changed = source.otherPolicy("n\(seed % 5)")
        if let position = fleet.networkPolicies.firstIndex(where: { $0.id == changed.id }) {
          fleet.networkPolicies[position] = changed
        } else {
          fleet.networkPolicies.append(changed)
        }
        index = index.replacing(policy: changed)
        if let difference = Self.difference(fleet, index, exempt: false) {
          Issue.record("seed \(seed): \(difference)")
          return
        }
      }
      if let gone = fleet.networkPolicies.popLast() { index = index.removing(policy: gone.id) }
      if let difference = Self.difference(fleet, index, exempt: false) {
        Issue.record("seed \(seed), removed: \(difference)")
        return
      }
    }
  }

  @Test func explanationsDecideAsTheIndexDoes() {
    for seed in 0..<UInt64(Self.rounds / 4) {
      var source = RandomFleet(seed: 9_000_000 &+ seed)
      let fleet = source.make(admin: seed % 2 == 0)
      let exempt = seed % 3 == 0
      let options = ReachOptions(exemptHostNetwork: exempt)
      let brute = BruteForce(fleet: fleet, exemptHostNetwork: exempt)
      let explainer = ReachExplainer(fleet, options: options)
      for (from, source) in fleet.workloads.enumerated() {
        for (port, transport) in Self.packets {
          let outside = ReachEnd.address(.v4(0x0A01_0203), text: "10.1.2.3")
          let ends: [(ReachEnd, BruteForce.End)] =
            fleet.workloads.enumerated().map { (.workload($0), .pod($1)) } + [
              (outside, .address(v4: 0x0A01_0203, v6: nil))
            ]
          for (to, end) in ends {
            let said = explainer.explain(from: .workload(from), to: to, port: port, transport: transport)
            let wanted = brute.allows(.pod(source), end, port, transport)
            #expect(said.verdict == (wanted ? .allowed : .refused), "seed \(seed)")
            #expect(wanted || said.layers.contains { $0.cure != nil }, "a refusal says what would cure it")
          }
        }
      }
    }
  }

  private static func difference(_ fleet: Fleet, _ index: ReachIndex, exempt: Bool) -> String? {
    let brute = BruteForce(fleet: fleet, exemptHostNetwork: exempt)
    for (from, source) in fleet.workloads.enumerated() {
      let reached = Dictionary(
        uniqueKeysWithValues: index.connections(from: index.classID(ofWorkload: from)).map { ($0.to, $0.ports) })
      for (to, target) in fleet.workloads.enumerated() {
        let ports = reached[index.classID(ofWorkload: to)] ?? .none
        for (port, transport) in packets
        where ports.contains(port, transport) != brute.allows(.pod(source), .pod(target), port, transport) {
          return "\(source.id) -> \(target.id) \(port)/\(transport.rawValue): engine says \(ports)"
        }
      }
    }
    return addresses(fleet, index, brute)
  }

  private static func addresses(_ fleet: Fleet, _ index: ReachIndex, _ brute: BruteForce) -> String? {
    let v4In = index.addressesV4(.ingress)
    let v4Out = index.addressesV4(.egress)
    let v6Out = index.addressesV6(.egress)
    for (number, workload) in fleet.workloads.enumerated() {
      let own = index.classID(ofWorkload: number)
      for runs in [v4In[own], v4Out[own]] {
        for (left, right) in zip(runs, runs.dropFirst()) where left.high + 1 == right.low && left.ports == right.ports {
          return "ranges of \(workload.id) are not maximal"
        }
      }
      for (port, transport) in packets.suffix(6).prefix(4) {
        for address in v4 {
          let end = BruteForce.End.address(v4: address, v6: nil)
          let out = brute.allows(.pod(workload), end, port, transport)
          let into = brute.allows(end, .pod(workload), port, transport)
          if open(v4Out[own], address, port, transport) != out {
            return "\(workload.id) -> \(IPv4.text(address)) \(port)"
          }
          if open(v4In[own], address, port, transport) != into {
            return "\(IPv4.text(address)) -> \(workload.id) \(port)"
          }
          if index.egress(from: number, to: .v4(address), port: port, transport: transport) != out { return "egress()" }
        }
        for address in v6 {
          let out = brute.allows(.pod(workload), .address(v4: nil, v6: address), port, transport)
          if open(v6Out[own], address, port, transport) != out {
            return "\(workload.id) -> \(IPv6.text(address)) \(port)"
          }
        }
      }
    }
    return nil
  }

  private static func open<Bound>(
    _ runs: [AddressConnection<Bound>], _ address: Bound, _ port: Int, _ transport: Transport
  ) -> Bool {
    runs.contains { $0.low <= address && address <= $0.high && $0.ports.contains(port, transport) }
  }
}
