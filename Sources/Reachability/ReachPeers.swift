package import FleetModel

/// Peers as people know them: a workload, or what owns a pod. One peer may stand for many pods and so for several
/// classes.
package struct ReachPeers: Sendable {
  /// `namespace/name[Kind]`, ascending and each once.
  package private(set) var names: [String] = []
  /// By peer: the classes of its pods, ascending.
  package private(set) var classes: [[ClassID]] = []
  /// By class: the peers whose pods are in it, ascending.
  package private(set) var peersOfClass: [[Int]] = []
  /// By index in `Fleet.workloads`.
  package private(set) var peerOfWorkload: [Int] = []

  package init(_ fleet: Fleet, _ index: ReachIndex) {
    let workloads = fleet.workloads
    let owners = workloads.indices.map { Self.name(workloads[$0].id, workloads[$0].firstOwner) }
    names = Set(owners).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let ranks = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    peerOfWorkload = owners.map { ranks[$0] ?? 0 }
    join(index)
  }

  /// The same peers over another index of the same fleet.
  func over(_ index: ReachIndex) -> ReachPeers {
    var result = self
    result.join(index)
    return result
  }

  private mutating func join(_ index: ReachIndex) {
    classes = [[ClassID]](repeating: [], count: names.count)
    peersOfClass = [[Int]](repeating: [], count: index.classes.count)
    for (number, entry) in index.classes.enumerated() {
      let peers = Set(entry.members.map { peerOfWorkload[$0] }).sorted()
      peersOfClass[number] = peers
      for peer in peers { classes[peer].append(number) }
    }
  }

  /// A pod's first owner as written, even where the input lacks it; a static pod's node owns nothing.
  package static func name(_ workload: Workload) -> String {
    name(workload.id, workload.firstOwner)
  }

  private static func name(_ id: ObjectReference, _ owner: ObjectReference?) -> String {
    guard id.kind == "Pod", let owner, owner.kind != "Node" else { return id.description }
    return owner.description
  }
}

/// One row of the answer: what a source may send to a destination.
package struct ReachRow: Sendable, Equatable {
  package var to: String
  package var ports: PortSet
}

/// All connections between peers and address ranges, row by row in ascending order of sources, then destinations.
package struct ReachRows: Sendable {
  private let index: ReachIndex
  private let peers: ReachPeers
  private let fleet: Fleet
  private let includesIPv6: Bool

  /// - Parameter includesIPv6: adds ranges of IPv6 addresses to those of IPv4.
  package init(_ fleet: Fleet, _ index: ReachIndex, includesIPv6: Bool = false) {
    self.fleet = fleet
    self.index = index
    self.includesIPv6 = includesIPv6
    peers = ReachPeers(fleet, index)
  }

  package var peerNames: [String] { peers.names }

  /// Calls back with each source that reaches anything.
  package func forEachSource(_ visit: (_ from: String, _ rows: [ReachRow]) throws -> Void) rethrows {
    let outside = outsideRows(.egress)
    var sources: [(name: String, rows: [ReachRow]?, peer: Int)] = inboundRanges().map { ($0.name, $0.rows, -1) }
    let ingress = IngressController(fleet, index).rows(peers)
    if !ingress.isEmpty { sources.append((IngressController.name, ingress, -1)) }
    sources += peers.names.enumerated().map { ($1, nil, $0) }
    sources.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    for source in sources {
      let rows = source.rows ?? merged(podRows(source.peer), outside(source.peer))
      if !rows.isEmpty { try visit(source.name, rows) }
    }
  }

  /// From a peer's pods to those of others; no peer to itself.
  private func podRows(_ peer: Int) -> [ReachRow] {
    var found: [(peer: Int, ports: PortSet)] = []
    for number in peers.classes[peer] {
      for connection in index.connections(from: number) {
        for other in peers.peersOfClass[connection.to] where other != peer { found.append((other, connection.ports)) }
      }
    }
    // A class each is the rule; only a peer of several classes can meet another one twice or out of order.
    if peers.classes[peer].count > 1 || !Self.ascends(found.map(\.peer)) { found.sort { $0.peer < $1.peer } }
    var rows: [ReachRow] = []
    rows.reserveCapacity(found.count)
    var last = -1
    for entry in found {
      if entry.peer == last {
        rows[rows.count - 1].ports = rows[rows.count - 1].ports.union(entry.ports)
      } else {
        rows.append(ReachRow(to: peers.names[entry.peer], ports: entry.ports))
        last = entry.peer
      }
    }
    return rows
  }

  private static func ascends(_ numbers: [Int]) -> Bool { zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } }

  private func merged(_ pods: [ReachRow], _ ranges: [ReachRow]) -> [ReachRow] {
    guard !ranges.isEmpty else { return pods }
    return (ranges + pods).sorted { $0.to.utf8.lexicographicallyPrecedes($1.to.utf8) }
  }

  /// By peer: ranges of addresses with their ports, in order of their texts.
  private func outsideRows(_ direction: Direction) -> (Int) -> [ReachRow] {
    let v4 = index.addressesV4(direction)
    let v4Rows = v4.profiles.map { $0.map { ReachRow(to: $0.text, ports: $0.ports) } }
    let v6 = includesIPv6 ? index.addressesV6(direction) : nil
    let v6Rows = v6?.profiles.map { $0.map { ReachRow(to: $0.text, ports: $0.ports) } } ?? []
    return { peer in
      let own = peers.classes[peer]
      var rows: [ReachRow]
      if own.count == 1 {
        rows = v4Rows[v4.profileOfClass[own[0]]]
        if let v6 { rows += v6Rows[v6.profileOfClass[own[0]]] }
      } else {
        rows = AddressConnection.union(own.map { v4[$0] }).map { ReachRow(to: $0.text, ports: $0.ports) }
        if let v6 { rows += AddressConnection.union(own.map { v6[$0] }).map { ReachRow(to: $0.text, ports: $0.ports) } }
      }
      return rows.sorted { $0.to.utf8.lexicographicallyPrecedes($1.to.utf8) }
    }
  }

  /// Ranges as sources, with the peers that they reach.
  private func inboundRanges() -> [(name: String, rows: [ReachRow])] {
    let ranges = outsideRows(.ingress)
    var found: [String: [ReachRow]] = [:]
    for peer in peers.names.indices {
      for row in ranges(peer) { found[row.to, default: []].append(ReachRow(to: peers.names[peer], ports: row.ports)) }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
