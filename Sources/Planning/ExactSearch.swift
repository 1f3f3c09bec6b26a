/// A* over sets of finished jobs, for small instances.
///
/// The objective is the sum, over the waves, of the weight not finished before them, so that what a set costs from here
/// on does not depend on when it was reached. A wave takes a batch to which nothing available can be added: moving a
/// job earlier never costs. Of two available jobs alike in effort and budgets the one with more weight and all the
/// other's followers goes first (exchange argument). It knows no windows: what a set costs must not depend on its wave.
struct ExactSearch {
  static let maximumJobs = 30
  private struct State {
    var done: UInt32
    var cost: Double
    var parent: Int32
  }
  struct Outcome {
    /// Waves from 1; nil where nothing better than the limit was found.
    var wave: [Int32]?
    /// Proven, unless above the limit: then the limit is the optimum.
    var bound: Double
    var finished: Bool
  }

  private let instance: WaveInstance
  private let before: [UInt32]
  private let dominators: [UInt32]
  private let densest: [Int]
  private var states: [State] = []
  private var known: [UInt32: Double] = [:]
  private var heap = PriorityHeap()
  private var batches: [UInt32] = []
  private var budget: Int

  init(_ instance: WaveInstance, budget: Int) {
    self.instance = instance
    self.budget = budget
    func mask(_ neighbours: WaveInstance.Neighbours, _ job: Int) -> UInt32 {
      neighbours.range(job).reduce(0) { $0 | 1 << UInt32(neighbours.items[$1]) }
    }
    before = (0..<instance.count).map { mask(instance.before, $0) }
    let after = (0..<instance.count).map { mask(instance.after, $0) }
    dominators = (0..<instance.count).map { job in
      (0..<instance.count).reduce(0) { found, other in
        guard other != job, instance.effort[other] == instance.effort[job], instance.lane[other] == instance.lane[job],
          Self.sameBudgets(instance, other, job), after[job] & ~after[other] == 0,
          instance.weight[other] >= instance.weight[job],
          instance.weight[other] > instance.weight[job] || after[other] != after[job] || other < job
        else { return found }
        return found | 1 << UInt32(other)
      }
    }
    densest = (0..<instance.count).sorted {
      let left = instance.weight[$0] / Double(instance.effort[$0])
      let right = instance.weight[$1] / Double(instance.effort[$1])
      return left != right ? left > right : $0 < $1
    }
  }

  private static func sameBudgets(_ instance: WaveInstance, _ left: Int, _ right: Int) -> Bool {
    let (first, second) = (instance.budgets.range(left), instance.budgets.range(right))
    return instance.budgets.items[first] == instance.budgets.items[second]
      && instance.budgetUse[first] == instance.budgetUse[second]
  }

  /// - Parameter limit: the objective of a known schedule.
  mutating func run(limit: Double) -> Outcome {
    let all: UInt32 = instance.count == 32 ? .max : (1 << UInt32(instance.count)) - 1
    let cut = limit * (1 - 1e-12)
    states = [State(done: 0, cost: 0, parent: -1)]
    known[0] = 0
    heap.push((rest(0), 0))
    while let (estimate, index) = heap.pop() {
      let state = states[Int(index)]
      if state.done == all { return Outcome(wave: waves(upTo: Int(index)), bound: state.cost, finished: true) }
      if let better = known[state.done], better < state.cost { continue }
      guard budget > 0 else { return Outcome(wave: nil, bound: estimate, finished: false) }
      let left = weight(of: all & ~state.done)
      batches.removeAll(keepingCapacity: true)
      guard enumerate(state.done, all) else { return Outcome(wave: nil, bound: estimate, finished: false) }
      for batch in batches {
        budget -= 1
        let done = state.done | batch
        let cost = state.cost + left
        if let better = known[done], better <= cost { continue }
        let estimate = cost + rest(done)
        guard estimate < cut else { continue }
        known[done] = cost
        states.append(State(done: done, cost: cost, parent: index))
        heap.push((estimate, Int32(states.count - 1)))
      }
    }
    return Outcome(wave: nil, bound: limit, finished: true)
  }

  private func weight(of set: UInt32) -> Double {
    var sum = 0.0
    var bits = set
    while bits != 0 {
      sum += instance.weight[bits.trailingZeroBitCount]
      bits &= bits - 1
    }
    return sum
  }

  /// What the jobs outside of `done` cost at least, wave 1 being the next: packed in parts, densest first, no job
  /// before its longest chain of unfinished jobs allows (each job alone, so that both hold at once).
  private func rest(_ done: UInt32) -> Double {
    let capacity = Double(instance.capacity)
    var depth = [Double](repeating: 1, count: instance.count)
    for item in instance.order where done & (1 << UInt32(item)) == 0 {
      for index in instance.before.range(Int(item)) {
        let earlier = Int(instance.before.items[index])
        if done & (1 << UInt32(earlier)) == 0 { depth[Int(item)] = max(depth[Int(item)], depth[earlier] + 1) }
      }
    }
    let waves = instance.count + 2
    var room = [Double](repeating: capacity, count: waves * instance.lanes)
    var sum = 0.0
    for job in densest where done & (1 << UInt32(job)) == 0 {
      let effort = Double(instance.effort[job])
      let density = instance.weight[job] / effort
      var left = effort
      var wave = Int(depth[job])
      let base = instance.lane[job] * waves
      while left > 0, wave < waves {
        let part = min(left, room[base + wave])
        room[base + wave] -= part
        left -= part
        sum += part * density * Double(wave)
        wave += 1
      }
    }
    return sum * (1 - 1e-13)
  }

  /// Fills `batches`; false when there are too many of them.
  private mutating func enumerate(_ done: UInt32, _ all: UInt32) -> Bool {
    let free = densest.filter { done & (1 << UInt32($0)) == 0 && before[$0] & ~done == 0 }
    var used = [Int32](repeating: 0, count: instance.limits.count)
    var room = [Int](repeating: instance.capacity, count: instance.lanes)
    return choose(free, 0, 0, 0, &room, &used)
  }

  private mutating func choose(
    _ free: [Int], _ index: Int, _ taken: UInt32, _ left: UInt32, _ room: inout [Int], _ used: inout [Int32]
  ) -> Bool {
    budget -= 1
    guard budget > 0 else { return false }
    guard index < free.count else {
      var bits = left
      while bits != 0 {
        if fits(bits.trailingZeroBitCount, room, used) { return true }
        bits &= bits - 1
      }
      batches.append(taken)
      return true
    }
    let job = free[index]
    if fits(job, room, used), dominators[job] & left == 0 {
      instance.takeBudgets(job, &used)
      room[instance.lane[job]] -= instance.effort[job]
      guard choose(free, index + 1, taken | 1 << UInt32(job), left, &room, &used) else { return false }
      room[instance.lane[job]] += instance.effort[job]
      instance.takeBudgets(job, &used, sign: -1)
    }
    return choose(free, index + 1, taken, left | 1 << UInt32(job), &room, &used)
  }

  private func fits(_ job: Int, _ room: [Int], _ used: [Int32]) -> Bool {
    instance.effort[job] <= room[instance.lane[job]] && instance.fitsBudgets(job, used)
  }

  private func waves(upTo last: Int) -> [Int32] {
    var chain = [last]
    while let parent = chain.last.map({ states[$0].parent }), parent >= 0 { chain.append(Int(parent)) }
    chain.reverse()
    var result = [Int32](repeating: 0, count: instance.count)
    for (step, index) in chain.enumerated().dropFirst() {
      var bits = states[index].done & ~states[chain[step - 1]].done
      while bits != 0 {
        result[bits.trailingZeroBitCount] = Int32(step)
        bits &= bits - 1
      }
    }
    return result
  }
}
