package import FleetModel

/// What changed policies open and what they close: exact, and worked out only around the pods that they govern.
package struct ReachChange: Sendable, Equatable {
  package struct Row: Sendable, Equatable {
    package var from: String
    package var to: String
    package var ports: PortSet
  }
  /// In order of sources, then destinations, as in `ReachRows`.
  package private(set) var gained: [Row] = []
  package private(set) var lost: [Row] = []

  /// - Parameters:
  ///   - before: an index of the fleet with its own policies, and its peers.
  ///   - policies: each in place of the one of its name, or besides the others.
  package init(_ fleet: Fleet, _ before: ReachIndex, _ peers: ReachPeers, applying policies: [NetworkPolicy]) {
    let after = policies.reduce(before) { $0.replacing(policy: $1) }
    let (old, new) = (Side(before, peers), Side(after, peers.over(after)))
    var senders: Set<Int> = []
    var receivers: Set<Int> = []
    for side in [old, new] {
      for policy in policies {
        let subjects = side.index.subjects(of: policy.id)
        receivers.formUnion(side.peers(of: subjects.ingress))
        senders.formUnion(side.peers(of: subjects.egress))
      }
    }
    let names = peers.names
    for peer in senders { compare(old.sent(by: peer), new.sent(by: peer)) { (names[peer], names[$0]) } }
    for peer in receivers {
      // What a changed sender sends is compared already.
      func others(_ side: Side) -> [Int: PortSet] { side.received(by: peer).filter { !senders.contains($0.key) } }
      compare(others(old), others(new)) { (names[$0], names[peer]) }
    }
    for (direction, affected) in [(Direction.egress, senders), (.ingress, receivers)] {
      for peer in affected { compareAddresses(direction, peer, names[peer], old, new) }
    }
    compareIngress(fleet, old, new)
    gained.sort(by: Self.isBefore)
    lost.sort(by: Self.isBefore)
  }

  private mutating func compare<Key>(
    _ old: [Key: PortSet], _ new: [Key: PortSet], _ ends: (Key) -> (from: String, to: String)
  ) {
    for other in Set(old.keys).union(new.keys) {
      let (left, right) = (old[other] ?? .none, new[other] ?? .none)
      guard left != right else { continue }
      let (from, to) = ends(other)
      let (more, less) = (right.subtracting(left), left.subtracting(right))
      if !more.isEmpty { gained.append(Row(from: from, to: to, ports: more)) }
      if !less.isEmpty { lost.append(Row(from: from, to: to, ports: less)) }
    }
  }

  private mutating func compareAddresses(
    _ direction: Direction, _ peer: Int, _ name: String, _ old: Side, _ new: Side
  ) {
    func row(_ range: AddressConnection<UInt32>) -> Row {
      direction == .egress
        ? Row(from: name, to: range.text, ports: range.ports) : Row(from: range.text, to: name, ports: range.ports)
    }
    let (left, right) = (old.addresses(direction, peer), new.addresses(direction, peer))
    guard left != right else { return }
    gained += AddressConnection.difference(right, left).map(row)
    lost += AddressConnection.difference(left, right).map(row)
  }

  private mutating func compareIngress(_ fleet: Fleet, _ old: Side, _ new: Side) {
    guard !fleet.ingresses.isEmpty || !fleet.customObjects.isEmpty else { return }
    func ports(_ side: Side) -> [String: PortSet] {
      var changed = fleet
      changed.networkPolicies = side.index.policies
      let rows = IngressController(changed, side.index).rows(side.peers)
      return Dictionary(rows.map { ($0.to, $0.ports) }) { $0.union($1) }
    }
    compare(ports(old), ports(new)) { (IngressController.name, $0) }
  }

  private static func isBefore(_ left: Row, _ right: Row) -> Bool {
    if left.from != right.from { return left.from.utf8.lexicographicallyPrecedes(right.from.utf8) }
    return left.to.utf8.lexicographicallyPrecedes(right.to.utf8)
  }

  /// One of the two states that are compared.
  private struct Side {
    let index: ReachIndex
    let peers: ReachPeers

    init(_ index: ReachIndex, _ peers: ReachPeers) {
      self.index = index
      self.peers = peers
    }

    func peers(of classes: IntervalSet<UInt32>) -> [Int] {
      classes.intervals.flatMap { ($0.low...$0.high).flatMap { peers.peersOfClass[Int($0)] } }
    }

    func sent(by peer: Int) -> [Int: PortSet] {
      var ports: [Int: PortSet] = [:]
      for own in peers.classes[peer] {
        for connection in index.connections(from: own) {
          for other in peers.peersOfClass[connection.to] where other != peer {
            ports[other] = (ports[other] ?? .none).union(connection.ports)
          }
        }
      }
      return ports
    }

    func received(by peer: Int) -> [Int: PortSet] {
      var ports: [Int: PortSet] = [:]
      for own in peers.classes[peer] {
        for connection in index.connections(to: own) {
          for other in peers.peersOfClass[connection.from] where other != peer {
            ports[other] = (ports[other] ?? .none).union(connection.ports)
          }
        }
      }
      return ports
    }

    func addresses(_ direction: Direction, _ peer: Int) -> [AddressConnection<UInt32>] {
      AddressConnection.union(peers.classes[peer].map { index.addressesV4(direction, of: $0) })
    }
  }
}
