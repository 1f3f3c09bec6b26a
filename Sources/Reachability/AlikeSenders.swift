import FleetModel

extension ReachIndex {
  /// For each class the first one that reaches the same classes on the same ports; itself where there is none before
  /// it. Ten thousand services that each let every namespace in are one sender, not ten thousand times ten thousand
  /// pairs.
  ///
  /// Two classes are found alike by what is written: the same rules on the way out, and membership in the same sets of
  /// peers on the way in. Classes that come to the same by different rules are told apart, which costs time alone.
  package func alikeSenders() -> [ClassID] {
    guard var keys = ingress.membershipKeys(classes: classes.count) else { return Array(classes.indices) }
    let contents = egress.contentNumbers()
    var firsts: [[Int32]: ClassID] = [:]
    return classes.indices.map { number in
      keys[number] += [-1] + egress.subjectKey(number, contents)
      let first = firsts[keys[number]] ?? number
      if first == number { firsts[keys[number]] = number }
      keys[number] = []
      return first
    }
  }
}

extension PolicyDirection {
  private struct GroupContent: Hashable {
    var pods: IntervalSet<UInt32>
    var ports: PortSpecification
  }

  /// By part: a number that parts with the same rules for pods share.
  func contentNumbers() -> [Int32] {
    var known: [[GroupContent]: Int32] = [:]
    return parts.map { part in
      let content = part.groups.map { GroupContent(pods: $0.pods, ports: $0.ports) }
      let number = known[content] ?? Int32(known.count)
      known[content] = number
      return number
    }
  }

  /// Equal for classes that are governed alike.
  func subjectKey(_ number: Int, _ contents: [Int32]) -> [Int32] {
    let own = Set(partsOfClass[number].map { contents[Int($0)] }).sorted()
    return own + [-1] + adminOfClass[number] + [-1] + baselineOfClass[number]
  }

  /// By class: numbers of the different sets of peers that it is in, ascending; nil where all of them together are too
  /// large to go through.
  func membershipKeys(classes count: Int) -> [[Int32]]? {
    var known: [IntervalSet<UInt32>: Int32] = [:]
    var order: [IntervalSet<UInt32>] = []
    var size = 0
    func note(_ set: IntervalSet<UInt32>) {
      guard known[set] == nil else { return }
      known[set] = Int32(order.count)
      order.append(set)
      size += set.count
    }
    for part in parts { for group in part.groups where !group.pods.isEmpty { note(group.pods) } }
    // An admin rule stands for itself: its place among the others counts.
    let rules = (admin + baseline).map(\.rule.pods)
    size = rules.reduce(size) { $0 + $1.count }
    guard size <= 50_000_000 else { return nil }
    var keys = [[Int32]](repeating: [], count: count)
    for (number, set) in (order + rules).enumerated() {
      for interval in set.intervals {
        for member in interval.low...interval.high { keys[Int(member)].append(Int32(number)) }
      }
    }
    return keys
  }
}
