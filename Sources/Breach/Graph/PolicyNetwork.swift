package import FleetModel
package import Reachability

/// The network as its policies leave it, from the exact index of reachability.
///
/// Classes that no policy governs would make a pair each with all others; they become one group. The rest is asked for
/// class by class, and classes that reach the same become one group.
package struct PolicyNetwork: NetworkReach {
  package let classes: [Int]
  package let groups: [NetworkGroup]
  private let index: ReachIndex
  private let outside: [Bool]

  package init(_ fleet: Fleet, options: ReachOptions = ReachOptions()) {
    self.init(fleet, ReachIndex(fleet, options: options))
  }

  package init(_ fleet: Fleet, _ index: ReachIndex) {
    self.index = index
    classes = fleet.workloads.indices.map { index.classID(ofWorkload: $0) }
    // Any address: an attacker's may be among those that a policy names.
    let ranges = index.addressesV4(.ingress)
    outside = classes.map { !ranges[$0].isEmpty }
    groups = Self.groups(fleet, index)
  }

  package func permits(from: Int, to: Int, port: Int) -> Bool { index.allows(from: from, to: to, port: port) }
  package func admitsOutside(_ workload: Int) -> Bool { outside[workload] }

  private static func groups(_ fleet: Fleet, _ index: ReachIndex) -> [NetworkGroup] {
    var groups = GroupCollector(alike: index.alikeSenders())
    guard fleet.adminPolicies.isEmpty else {
      for from in groups.firsts { groups.add(index.connections(from: from), from: from) }
      return groups.all
    }
    let governed = GovernedClasses(fleet, index)
    let (sendsFreely, takesAll) = (governed.openEgress, governed.openIngress)
    let senders = index.classes.indices.filter { sendsFreely[$0] }
    let receivers = index.classes.indices.filter { takesAll[$0] }
    // With a baseline that closes what nothing governs, only the governed classes are left as destinations.
    let selective = takesAll.contains(true) ? index.closingUngoverned() : index
    for from in groups.firsts {
      var row = selective.connections(from: from).filter { !takesAll[$0.to] }
      if !sendsFreely[from] { row += index.connections(from: from).filter { takesAll[$0.to] } }
      groups.add(row, from: from)
    }
    let open = NetworkGroup(from: senders, to: receivers)
    return (senders.isEmpty || receivers.isEmpty ? [] : [open]) + groups.all
  }
}

/// Classes with the same destinations on the same ports share a group.
private struct GroupCollector {
  private struct Key: Hashable {
    var to: [Int]
    var ports: PortSet
  }
  /// The first of each set of classes that send alike.
  let firsts: [Int]
  private let alike: [[Int]]
  private var senders: [Key: [Int]] = [:]
  private var order: [Key] = []

  init(alike first: [ClassID]) {
    firsts = first.indices.filter { first[$0] == $0 }
    var members = [[Int]](repeating: [], count: first.count)
    for number in first.indices { members[first[number]].append(number) }
    alike = members
  }

  mutating func add(_ row: [ClassConnection], from: Int) {
    var byPorts: [PortSet: [Int]] = [:]
    var portOrder: [PortSet] = []
    for connection in row {
      if byPorts[connection.ports] == nil { portOrder.append(connection.ports) }
      byPorts[connection.ports, default: []].append(connection.to)
    }
    for ports in portOrder {
      let key = Key(to: byPorts[ports] ?? [], ports: ports)
      if senders[key] == nil { order.append(key) }
      senders[key, default: []] += alike[from]
    }
  }

  var all: [NetworkGroup] {
    order.map {
      NetworkGroup(
        from: (senders[$0] ?? []).sorted(), to: $0.to, ports: $0.ports.isAll ? "" : $0.ports.description)
    }
  }
}

/// Which classes no NetworkPolicy governs.
private struct GovernedClasses {
  private(set) var openIngress: [Bool]
  private(set) var openEgress: [Bool]

  private struct Label: Hashable {
    var namespace: String
    var key: String
    var value: String
  }

  init(_ fleet: Fleet, _ index: ReachIndex) {
    var byLabel: [Label: [NetworkPolicy]] = [:]
    var wide: [String: [NetworkPolicy]] = [:]
    for policy in fleet.networkPolicies {
      let first = policy.podSelector.requirements.first { $0.operation == .isIn && $0.values.count == 1 }
      if let first {
        byLabel[Label(namespace: policy.id.namespace, key: first.key, value: first.values[0]), default: []]
          .append(policy)
      } else {
        wide[policy.id.namespace, default: []].append(policy)
      }
    }
    openIngress = [Bool](repeating: true, count: index.classes.count)
    openEgress = openIngress
    for (number, entry) in index.classes.enumerated() where !entry.isExempt {
      guard let member = entry.members.first else { continue }
      let labels = fleet.workloads[member].podLabels
      var candidates = wide[entry.namespace] ?? []
      for (key, value) in labels {
        candidates += byLabel[Label(namespace: entry.namespace, key: key, value: value)] ?? []
      }
      for policy in candidates where policy.podSelector.matches(labels) {
        if policy.governsIngress { openIngress[number] = false }
        if policy.governsEgress { openEgress[number] = false }
      }
    }
  }
}
