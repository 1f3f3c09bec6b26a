/// A problem whose circles are condensed, with neighbours in flat arrays: what the engines work on.
struct WaveInstance: Sendable {
  let count: Int
  let capacity: Int
  var weight: [Double]
  var effort: [Int]
  /// Neighbours of `j`: `heads[offset[j]..<offset[j + 1]]`.
  struct Neighbours: Sendable {
    var offset: [Int32]
    var items: [Int32]

    init(count: Int, pairs: [(Int32, Int32)]) {
      var offset = [Int32](repeating: 0, count: count + 1)
      for pair in pairs { offset[Int(pair.0) + 1] += 1 }
      for index in 0..<count { offset[index + 1] += offset[index] }
      var next = offset
      var items = [Int32](repeating: 0, count: pairs.count)
      for pair in pairs {
        items[Int(next[Int(pair.0)])] = pair.1
        next[Int(pair.0)] += 1
      }
      self.offset = offset
      self.items = items
    }

    @inline(__always) func range(_ index: Int) -> Range<Int> { Int(offset[index])..<Int(offset[index + 1]) }
  }
  let before: Neighbours
  let after: Neighbours
  /// Every pair once, sorted.
  let pairs: [(Int32, Int32)]
  let lane: [Int]
  let lanes: Int
  /// The waves between which a job must be, tightened along the precedence; `Int32.max` is no last one.
  private(set) var release: [Int32]
  private(set) var due: [Int32]
  let hasWindows: Bool
  /// Budgets a job counts against: `budgetItems` by job, and how much it counts.
  let budgets: Neighbours
  let budgetUse: [Int32]
  let limits: [Int32]
  let order: [Int32]
  let smallestEffort: Int

  /// What one job asks for beside its place in the precedence.
  struct Ask {
    var weight: Double
    var effort: Int
    var lane = 0
    var earliest = 1
    var latest: Int?
  }

  /// - Parameter budgets: members may stand several times in one budget; each counts.
  init(asks: [Ask], capacity: Int, pairs: [(Int32, Int32)], budgets: [WaveProblem.Budget] = []) {
    count = asks.count
    weight = asks.map(\.weight)
    effort = asks.map(\.effort)
    lane = asks.map(\.lane)
    lanes = (asks.map(\.lane).max() ?? 0) + 1
    release = asks.map { Int32(clamping: $0.earliest) }
    due = asks.map { $0.latest.map { Int32(clamping: $0) } ?? .max }
    hasWindows = asks.contains { $0.earliest > 1 || $0.latest != nil }
    self.capacity = capacity
    var unique: [(Int32, Int32)] = []
    unique.reserveCapacity(pairs.count)
    for pair in pairs.sorted(by: <) where unique.last.map({ $0 != pair }) ?? true { unique.append(pair) }
    self.pairs = unique
    let after = Neighbours(count: count, pairs: unique)
    let before = Neighbours(count: count, pairs: unique.map { ($0.1, $0.0) })
    self.after = after
    self.before = before
    var uses: [(Int32, Int32, Int32)] = []
    for (index, budget) in budgets.enumerated() {
      var counts: [Int: Int32] = [:]
      for member in budget.members { counts[member, default: 0] += 1 }
      for member in counts.keys.sorted() { uses.append((Int32(member), Int32(index), counts[member] ?? 1)) }
    }
    uses.sort { $0 < $1 }
    self.budgets = Neighbours(count: count, pairs: uses.map { ($0.0, $0.1) })
    budgetUse = uses.map(\.2)
    limits = budgets.map { Int32(clamping: $0.limit) }
    order = Self.topologicalOrder(count: count, before: before, after: after)
    smallestEffort = effort.min() ?? 1
    if hasWindows { tightenWindows() }
  }

  /// A job comes after what is before it, and early enough for what is after it.
  private mutating func tightenWindows() {
    for item in order {
      for index in before.range(Int(item)) {
        release[Int(item)] = max(release[Int(item)], release[Int(before.items[index])] + 1)
      }
    }
    for item in order.reversed() {
      for index in after.range(Int(item)) where due[Int(after.items[index])] != .max {
        due[Int(item)] = min(due[Int(item)], due[Int(after.items[index])] - 1)
      }
    }
  }

  /// No schedule without needless empty waves is longer.
  var lastWave: Int { count + Int(release.max() ?? 1) }

  /// Whether a job still fits the budgets of a wave of which `used` is taken.
  @inline(__always) func fitsBudgets(_ job: Int, _ used: [Int32]) -> Bool {
    for place in budgets.range(job) {
      let budget = Int(budgets.items[place])
      if used[budget] + budgetUse[place] > limits[budget] { return false }
    }
    return true
  }

  @inline(__always) func takeBudgets(_ job: Int, _ used: inout [Int32], sign: Int32 = 1) {
    for place in budgets.range(job) { used[Int(budgets.items[place])] += sign * budgetUse[place] }
  }

  private static func topologicalOrder(count: Int, before: Neighbours, after: Neighbours) -> [Int32] {
    var open = (0..<count).map { before.range($0).count }
    var order = (0..<count).filter { open[$0] == 0 }.map { Int32($0) }
    var next = 0
    while next < order.count {
      for item in after.range(Int(order[next])) {
        let target = after.items[item]
        open[Int(target)] -= 1
        if open[Int(target)] == 0 { order.append(target) }
      }
      next += 1
    }
    return order
  }

  /// Some best schedule ends by this wave: whenever a wave is not full, the longest chain that is left gets shorter or
  /// something did not fit.
  func horizon(earliest: [Int]) -> Int {
    let depth = earliest.max() ?? 0
    guard effort.allSatisfy({ $0 == 1 }), limits.isEmpty, !hasWindows, lanes == 1 else {
      return max(1, count, release.map { Int($0) + count }.max() ?? 1)
    }
    return max(1, min(count, (count + capacity - 1) / capacity + depth))
  }
}
