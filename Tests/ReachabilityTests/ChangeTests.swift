import FleetModel
import Testing

@testable import Reachability

/// What a changed policy opens and closes, against two whole evaluations.
struct ChangeTests {
  private struct Ends: Hashable {
    var from: String
    var to: String
  }

  /// Rows between peers; ranges of addresses at a few addresses, since a range's ends move.
  private static func open(_ rows: [(from: String, to: String, ports: PortSet)]) -> [Ends: PortSet] {
    let samples: [UInt32] = [
      0, 0x0A00_0000, 0x0A01_0203, 0x0A01_0204, 0x0A02_0000, 0x0A80_0000, 0x7FFF_FFFF, 0xA9FE_A9FE, .max,
    ]
    var open: [Ends: PortSet] = [:]
    for row in rows {
      let ends = [row.from, row.to].map { text -> [String] in
        let parts = text.split(separator: "-")
        guard parts.count == 2, let low = IPv4.value(String(parts[0])), let high = IPv4.value(String(parts[1])) else {
          return [text]
        }
        return samples.filter { low <= $0 && $0 <= high }.map(IPv4.text)
      }
      for from in ends[0] {
        for to in ends[1] {
          open[Ends(from: from, to: to)] = (open[Ends(from: from, to: to)] ?? .none).union(row.ports)
        }
      }
    }
    return open
  }

  private static func all(_ fleet: Fleet) -> [Ends: PortSet] {
    var rows: [(from: String, to: String, ports: PortSet)] = []
    ReachRows(fleet, ReachIndex(fleet)).forEachSource { from, own in rows += own.map { (from, $0.to, $0.ports) } }
    return open(rows)
  }

  @Test func agreesWithTwoEvaluations() {
    var changes = 0
    for seed in 0..<UInt64(400) {
      var source = RandomFleet(seed: 8_000_000 &+ seed)
      let fleet = source.make(admin: seed % 2 == 0)
      var changed = fleet
      let policies = (0...Int(seed % 2)).map { source.otherPolicy("n\($0)") }
      for policy in policies {
        changed.networkPolicies.removeAll { $0.id == policy.id }
        changed.networkPolicies.append(policy)
      }
      let index = ReachIndex(fleet)
      let change = ReachChange(fleet, index, ReachPeers(fleet, index), applying: policies)
      let (old, new) = (Self.all(fleet), Self.all(changed))
      var (gained, lost): ([Ends: PortSet], [Ends: PortSet]) = ([:], [:])
      for ends in Set(old.keys).union(new.keys) {
        let (left, right) = (old[ends] ?? .none, new[ends] ?? .none)
        if !right.subtracting(left).isEmpty { gained[ends] = right.subtracting(left) }
        if !left.subtracting(right).isEmpty { lost[ends] = left.subtracting(right) }
      }
      #expect(Self.open(change.gained.map { ($0.from, $0.to, $0.ports) }) == gained, "seed \(seed)")
      #expect(Self.open(change.lost.map { ($0.from, $0.to, $0.ports) }) == lost, "seed \(seed)")
      if !gained.isEmpty || !lost.isEmpty { changes += 1 }
    }
    #expect(changes > 100)
  }

  @Test func anUnchangedPolicyChangesNothing() {
    let deny = policy("deny", ingress: [])
    let input = fleet([pod("a"), pod("b")], [deny])
    let index = ReachIndex(input)
    let change = ReachChange(input, index, ReachPeers(input, index), applying: [deny])
    #expect(change.gained.isEmpty && change.lost.isEmpty)
  }

  @Test func rowsAreSortedAndSayWhatChanged() {
    let input = fleet([pod("a", ["app": "a"]), pod("b", ["app": "b"]), pod("c")], [])
    let index = ReachIndex(input)
    let only = NetworkPolicy.Rule(peers: [.pods(namespaces: nil, pods: labels(["app": "a"]))], ports: [.tcp(80)])
    let guarded = policy("guard", selects: labels(["app": "b"]), ingress: [only])
    let change = ReachChange(input, index, ReachPeers(input, index), applying: [guarded])
    let lines = change.lost.map { "\($0.from) -> \($0.to) : \($0.ports)" }
    #expect(change.gained.isEmpty)
    #expect(
      lines == [
        "0.0.0.0-255.255.255.255 -> default/b[Deployment] : all",
        "default/a[Deployment] -> default/b[Deployment] : SCTP TCP 1-79,81-65535 UDP",
        "default/c[Deployment] -> default/b[Deployment] : all",
      ])
  }
}
