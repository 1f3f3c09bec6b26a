import FleetModel

/// Groups of workloads that call each other more than others: greedy merging by modularity (Clauset, Newman and Moore
/// 2004), in which ties go to the first pair, so that the result is always the same.
struct Communities {
  /// By workload: the name of its community, that of the member with most neighbours.
  private(set) var names: [String] = []

  /// Beyond this many workloads connected groups are taken instead: merging pair by pair would take too long.
  private static let limit = 1_500

  init(_ ids: [ObjectReference], _ flows: [PolicyFlow]) {
    let position = Dictionary(ids.enumerated().map { ($1, $0) }) { first, _ in first }
    var neighbours = [Set<Int>](repeating: [], count: ids.count)
    for flow in flows {
      guard let from = position[flow.caller], let to = position[flow.target], from != to else { continue }
      neighbours[from].insert(to)
      neighbours[to].insert(from)
    }
    let groups = ids.count <= Self.limit ? Self.merged(neighbours) : Self.connected(neighbours)
    var leaders: [Int: Int] = [:]
    for (index, group) in groups.enumerated() {
      guard let leader = leaders[group] else {
        leaders[group] = index
        continue
      }
      if neighbours[index].count > neighbours[leader].count { leaders[group] = index }
    }
    names = groups.map { group in leaders[group].map { "around \(ids[$0].namespace)/\(ids[$0].name)" } ?? "" }
  }

  private static func connected(_ neighbours: [Set<Int>]) -> [Int] {
    var group = [Int](repeating: -1, count: neighbours.count)
    for start in neighbours.indices where group[start] < 0 {
      var open = [start]
      group[start] = start
      while let next = open.popLast() {
        for other in neighbours[next] where group[other] < 0 {
          group[other] = start
          open.append(other)
        }
      }
    }
    return group
  }

  private static func merged(_ neighbours: [Set<Int>]) -> [Int] {
    let ends = neighbours.reduce(0) { $0 + $1.count }
    var group = Array(neighbours.indices)
    guard ends > 0 else { return group }
    // Of each group: its share of all ends of edges, and the edges to other groups.
    var share = neighbours.map { Double($0.count) / Double(ends) }
    var between = neighbours.map { list in
      Dictionary(uniqueKeysWithValues: list.map { ($0, 1.0 / Double(ends)) })
    }
    while let pair = best(between, share) {
      for index in group.indices where group[index] == pair.1 { group[index] = pair.0 }
      for (other, weight) in between[pair.1] where other != pair.0 {
        between[pair.0][other, default: 0] += weight
        between[other][pair.0, default: 0] += weight
        between[other][pair.1] = nil
      }
      between[pair.0][pair.1] = nil
      between[pair.1] = [:]
      share[pair.0] += share[pair.1]
    }
    return group
  }

  /// The pair of groups whose union raises modularity most; nil when none does.
  private static func best(_ between: [[Int: Double]], _ share: [Double]) -> (Int, Int)? {
    var best: (gain: Double, left: Int, right: Int)?
    for left in between.indices {
      for (right, weight) in between[left] where right > left {
        let gain = 2 * (weight - share[left] * share[right])
        guard gain > 1e-12 else { continue }
        guard let known = best else {
          best = (gain, left, right)
          continue
        }
        // A dictionary's order must not show: equal gains go to the smaller pair.
        if gain > known.gain + 1e-12 || (abs(gain - known.gain) <= 1e-12 && (left, right) < (known.left, known.right)) {
          best = (gain, left, right)
        }
      }
    }
    return best.map { ($0.left, $0.right) }
  }
}
