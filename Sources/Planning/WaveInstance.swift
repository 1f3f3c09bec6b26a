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
  /// Budgets a job counts against.
  let budgetsOf: [[Int32]]
  let limits: [Int32]
  let order: [Int32]
  let smallestEffort: Int

  init(
    weight: [Double], effort: [Int], capacity: Int, pairs: [(Int32, Int32)],
    budgets: [WaveProblem.Budget] = []
  ) {
    count = weight.count
    self.weight = weight
    self.effort = effort
    self.capacity = capacity
    var unique: [(Int32, Int32)] = []
    unique.reserveCapacity(pairs.count)
    for pair in pairs.sorted(by: <) where unique.last.map({ $0 != pair }) ?? true { unique.append(pair) }
    self.pairs = unique
    let after = Neighbours(count: count, pairs: unique)
    let before = Neighbours(count: count, pairs: unique.map { ($0.1, $0.0) })
    self.after = after
    self.before = before
    var budgetsOf = [[Int32]](repeating: [], count: count)
    for (index, budget) in budgets.enumerated() {
      for member in Set(budget.members).sorted() { budgetsOf[member].append(Int32(index)) }
    }
    self.budgetsOf = budgetsOf
    limits = budgets.map { Int32(clamping: $0.limit) }
    order = Self.topologicalOrder(count: count, before: before, after: after)
    smallestEffort = effort.min() ?? 1
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

  /// The earliest wave of each job (from 1): by the longest chain before it and, in instances of up to 20,000 jobs, by
  /// the effort of everything that must come before it.
  func earliestWaves() -> [Int] {
    var result = [Int](repeating: 1, count: count)
    let words = (count + 63) / 64
    let exact = count <= 20_000
    var closure = [UInt64](repeating: 0, count: exact ? words * count : 0)
    for item in order {
      let job = Int(item)
      for index in before.range(job) {
        let earlier = Int(before.items[index])
        result[job] = max(result[job], result[earlier] + 1)
        guard exact else { continue }
        for word in 0..<words { closure[job * words + word] |= closure[earlier * words + word] }
        closure[job * words + earlier / 64] |= 1 << UInt64(earlier % 64)
      }
      guard exact, before.range(job).count > 0 else { continue }
      var sum = 0
      for word in 0..<words {
        var bits = closure[job * words + word]
        while bits != 0 {
          sum += effort[word * 64 + bits.trailingZeroBitCount]
          bits &= bits - 1
        }
      }
      // Everything before it fills whole waves of its own, since the job itself comes in a later one.
      result[job] = max(result[job], (sum + capacity - 1) / capacity + 1)
    }
    return result
  }

  /// Some best schedule ends by this wave: whenever a wave is not full, the longest chain that is left gets shorter or
  /// something did not fit.
  func horizon(earliest: [Int]) -> Int {
    let depth = earliest.max() ?? 0
    guard effort.allSatisfy({ $0 == 1 }), limits.isEmpty else { return max(1, count) }
    return max(1, min(count, (count + capacity - 1) / capacity + depth))
  }
}
