/// One NetworkPolicy in one direction: whom it governs and what it lets through. It never changes; a class, because an
/// index hands parts around by the ten thousand.
final class PolicyPart: Sendable {
  /// Rules with the same ports are one group: of a hundred thousand rules few groups are left.
  struct Group: Sendable {
    var pods: IntervalSet<UInt32>
    var addresses: AddressSet
    var ports: PortSpecification
  }
  /// Sets up to this size are listed class by class; larger ones are asked whether they contain a class.
  static let sparseLimit = 64
  /// Ranges of ports, over all ranges of addresses, that are told apart for one class.
  static let mostRanges = 2_000_000

  let subjects: IntervalSet<UInt32>
  let groups: [Group]
  /// Classes of the small sets in ascending order, and the group of each.
  let sparseClasses: [UInt32]
  private let sparseGroups: [Int32]
  let wideGroups: [Int32]

  convenience init(subjects: IntervalSet<UInt32>, rules: [CompiledRule]) {
    var members: [PortSpecification: [Int]] = [:]
    var order: [PortSpecification] = []
    for (index, rule) in rules.enumerated() {
      if members[rule.ports] == nil { order.append(rule.ports) }
      members[rule.ports, default: []].append(index)
    }
    let groups = order.map { ports in
      let own = (members[ports] ?? []).map { rules[$0] }
      var addresses = AddressSet()
      addresses.v4 = Self.union(own.map(\.addresses.v4))
      addresses.v6 = Self.union(own.map(\.addresses.v6))
      return Group(pods: RuleCompiler.union(own.map(\.pods)), addresses: addresses, ports: ports)
    }
    self.init(subjects: subjects, groups: groups)
  }

  private init(subjects: IntervalSet<UInt32>, groups: [Group]) {
    self.subjects = subjects
    self.groups = groups
    var sparse: [(UInt32, Int32)] = []
    var wide: [Int32] = []
    for (index, group) in groups.enumerated() where !group.pods.isEmpty {
      guard group.pods.count <= Self.sparseLimit else {
        wide.append(Int32(index))
        continue
      }
      for interval in group.pods.intervals {
        for number in interval.low...interval.high { sparse.append((number, Int32(index))) }
      }
    }
    sparse.sort { $0 < $1 }
    sparseClasses = sparse.map(\.0)
    sparseGroups = sparse.map(\.1)
    wideGroups = wide
  }

  /// The same policy after classes were split: `starts[n]` is where class n begins now.
  func remapped(_ starts: [UInt32]) -> PolicyPart {
    PolicyPart(
      subjects: subjects.remapped(starts),
      groups: groups.map { Group(pods: $0.pods.remapped(starts), addresses: $0.addresses, ports: $0.ports) })
  }

  private static func union<Bound>(_ sets: [IntervalSet<Bound>]) -> IntervalSet<Bound> {
    sets.count == 1 ? sets[0] : IntervalSet(normalising: sets.flatMap(\.intervals))
  }

  /// Whether its blocks times their ports are more than is worked out exactly in every case.
  var mayBeCoarse: Bool {
    let outside = groups.filter { !$0.addresses.v4.isEmpty || !$0.addresses.v6.isEmpty }
    guard outside.count > 1000 else { return false }
    let blocks = outside.reduce(0) { $0 + $1.addresses.v4.intervals.count + $1.addresses.v6.intervals.count }
    return blocks.multipliedReportingOverflow(by: outside.count).partialValue > Self.mostRanges
  }

  /// What is let through between a governed pod and a peer; a named port means the destination's.
  func ports(_ peer: UInt32, destination: [NamedPort]) -> PortSet {
    var found: [PortSet] = []
    var low = 0
    var high = sparseClasses.count
    while low < high {
      let middle = (low + high) / 2
      if sparseClasses[middle] < peer { low = middle + 1 } else { high = middle }
    }
    while low < sparseClasses.count, sparseClasses[low] == peer {
      found.append(groups[Int(sparseGroups[low])].ports.ports(at: destination))
      low += 1
    }
    for index in wideGroups where groups[Int(index)].pods.contains(peer) {
      found.append(groups[Int(index)].ports.ports(at: destination))
    }
    return PortSet.union(found)
  }

  func ports(_ address: Address, destination: [NamedPort]) -> PortSet {
    PortSet.union(groups.filter { $0.addresses.contains(address) }.map { $0.ports.ports(at: destination) })
  }

  /// Classes with which anything may be exchanged at all.
  var peers: [IntervalSet<UInt32>] {
    var result = wideGroups.map { groups[Int($0)].pods }
    var last: UInt32?
    var unique: [UInt32] = []
    for number in sparseClasses where number != last {
      unique.append(number)
      last = number
    }
    result.append(IntervalSet(ascending: unique))
    return result
  }
}

extension IntervalSet where Bound == UInt32 {
  /// Class numbers after classes were split into several that follow each other.
  func remapped(_ starts: [UInt32]) -> IntervalSet {
    IntervalSet(normalising: intervals.map { Interval(starts[Int($0.low)], starts[Int($0.high) + 1] - 1) })
  }
}

/// Lists of numbers by class, one after the other in one array.
struct NumbersByClass: Sendable {
  private var first: [Int32]
  private var numbers: [Int32]

  /// Pairs of class and number; the numbers of a class keep their order.
  init(classes: Int, _ visit: (_ add: (UInt32, Int32) -> Void) -> Void) {
    var counts = [Int32](repeating: 0, count: classes + 1)
    visit { number, _ in counts[Int(number) + 1] += 1 }
    for index in 0..<classes { counts[index + 1] += counts[index] }
    var next = counts
    var values = [Int32](repeating: 0, count: Int(counts[classes]))
    visit { number, value in
      values[Int(next[Int(number)])] = value
      next[Int(number)] += 1
    }
    first = counts
    numbers = values
  }

  subscript(_ number: Int) -> ArraySlice<Int32> { numbers[Int(first[number])..<Int(first[number + 1])] }
}
