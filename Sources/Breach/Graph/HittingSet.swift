/// The cheapest choice that takes at least one member of every set: branch and bound, exact within its budget.
///
/// The lower bound is that of sets without a common member: each needs a choice of its own.
struct HittingSet {
  private(set) var best: [Int32]
  private(set) var bestCost: Int
  private(set) var isExact = true
  private let sets: [[Int32]]
  private let costs: [Int]
  private var budget: Int

  /// - Parameter costs: of each member, positive.
  init(_ sets: [[Int32]], costs: [Int], budget: Int) {
    self.costs = costs
    self.budget = budget
    // A set that contains another asks for nothing more.
    let small = sets.map { $0.sorted() }.sorted { ($0.count, $0.description) < ($1.count, $1.description) }
    var kept: [[Int32]] = []
    for set in small where !kept.contains(where: { other in other.allSatisfy(set.contains) }) { kept.append(set) }
    self.sets = kept
    best = Self.greedy(kept, costs)
    bestCost = best.reduce(0) { $0 + costs[Int($1)] }
    var open = Array(kept.indices)
    var chosen: [Int32] = []
    search(&open, &chosen, cost: 0, banned: [])
  }

  private mutating func search(_ open: inout [Int], _ chosen: inout [Int32], cost: Int, banned: Set<Int32>) {
    guard budget > 0 else {
      isExact = false
      return
    }
    budget -= 1
    guard !open.isEmpty else {
      if cost < bestCost { (best, bestCost) = (chosen.sorted(), cost) }
      return
    }
    if cost + bound(open) >= bestCost { return }
    // The set with fewest members left decides most.
    let branch = open.min { free($0, banned).count < free($1, banned).count } ?? open[0]
    var refused = banned
    for member in free(branch, banned).sorted(by: { (usefulness($0, open), $1) > (usefulness($1, open), $0) }) {
      var rest = open.filter { !sets[$0].contains(member) }
      chosen.append(member)
      search(&rest, &chosen, cost: cost + costs[Int(member)], banned: refused)
      chosen.removeLast()
      // What was tried need not be tried again in another order.
      refused.insert(member)
    }
  }

  private func free(_ set: Int, _ banned: Set<Int32>) -> [Int32] { sets[set].filter { !banned.contains($0) } }

  private func usefulness(_ member: Int32, _ open: [Int]) -> Double {
    Double(open.count { sets[$0].contains(member) }) / Double(costs[Int(member)])
  }

  private func bound(_ open: [Int]) -> Int {
    var used: Set<Int32> = []
    var bound = 0
    for set in open where used.isDisjoint(with: sets[set]) {
      used.formUnion(sets[set])
      bound += sets[set].map { costs[Int($0)] }.min() ?? 0
    }
    return bound
  }

  private static func greedy(_ sets: [[Int32]], _ costs: [Int]) -> [Int32] {
    var open = sets
    var chosen: [Int32] = []
    while !open.isEmpty {
      var counts: [Int32: Int] = [:]
      for member in open.joined() { counts[member, default: 0] += 1 }
      let ranked = counts.sorted { left, right in
        let (a, b) = (left.value * costs[Int(right.key)], right.value * costs[Int(left.key)])
        return a != b ? a > b : left.key < right.key
      }
      guard let pick = ranked.first?.key else { break }
      chosen.append(pick)
      open.removeAll { $0.contains(pick) }
    }
    return chosen.sorted()
  }
}
