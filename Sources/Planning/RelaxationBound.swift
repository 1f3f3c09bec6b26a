/// A certified lower bound: the Lagrangian dual of the precedence pairs.
///
/// Each pair (i, j) becomes a price λ ≥ 0 on `C_i + 1 − C_j ≤ 0`. What is left, Σ v_j C_j under the capacity alone with
/// v = w + Σ λ out − Σ λ in, is solved exactly as a fractional packing: densest v/p first into the earliest wave with
/// room, not before the job's earliest wave. Its value plus Σ λ is at most every schedule's objective, for any λ. A
/// deflected subgradient method raises it.
struct RelaxationBound {
  private let instance: WaveInstance
  let earliest: [Int]
  private let horizon: Double
  private var prices: [Double]
  private var direction: [Double]
  private var value: [Double]
  private var keys: [(Double, Int32)] = []
  /// Room by lane and wave.
  private let waves: Int
  private var room: [Double]
  private var nextFree: [Int32]
  private(set) var completion: [Double]
  /// A smoothed fractional schedule: a good order for lists.
  private(set) var smoothed: [Double]
  private(set) var best = 0.0
  private var factor = 1.0
  private var stale = 0

  init(_ instance: WaveInstance) {
    self.instance = instance
    earliest = EarliestWaves(instance).waves
    horizon = Double(instance.horizon(earliest: earliest))
    prices = [Double](repeating: 0, count: instance.pairs.count)
    direction = prices
    value = instance.weight
    completion = [Double](repeating: 0, count: instance.count)
    smoothed = completion
    // Overflow cannot pass 1e12 × 1e5: efforts are bounded by the capacity, sums are taken in floating point.
    let total = instance.effort.reduce(0.0) { $0 + Double($1) }
    waves = Int(total / Double(instance.capacity)) + (earliest.max() ?? 1) + 3
    room = [Double](repeating: 0, count: waves * instance.lanes)
    nextFree = [Int32](repeating: 0, count: waves * instance.lanes)
  }

  /// One evaluation and one step of the prices. - Parameter upper: the best known objective.
  mutating func step(upper: Double) {
    let bound = evaluate()
    if bound > best + 1e-7 * abs(best) { stale = 0 } else { stale += 1 }
    best = max(best, bound)
    if stale >= 12 {
      stale = 0
      factor *= 0.7
    }
    let share = smoothed.first == 0 ? 1 : 0.1
    for job in 0..<instance.count { smoothed[job] += share * (completion[job] - smoothed[job]) }
    var norm = 0.0
    for (index, pair) in instance.pairs.enumerated() {
      let slack = completion[Int(pair.0)] + 1 - completion[Int(pair.1)]
      let next = slack + 0.6 * direction[index]
      direction[index] = prices[index] == 0 && next < 0 ? 0 : next
      norm += direction[index] * direction[index]
    }
    guard norm > 1e-12 else { return }
    let length = factor * max(upper * 1.0005 - bound, 1e-9 * upper) / norm
    for index in prices.indices { prices[index] = max(0, prices[index] + length * direction[index]) }
  }

  /// The dual's value at the present prices, a little lowered against rounding.
  private mutating func evaluate() -> Double {
    value = instance.weight
    var total = 0.0
    for (index, pair) in instance.pairs.enumerated() where prices[index] != 0 {
      value[Int(pair.0)] += prices[index]
      value[Int(pair.1)] -= prices[index]
      total += prices[index]
    }
    keys.removeAll(keepingCapacity: true)
    var size = total
    for job in 0..<instance.count {
      if value[job] < 0 {
        completion[job] = horizon
        total += value[job] * horizon
        size -= value[job] * horizon
      } else {
        keys.append((-value[job] / Double(instance.effort[job]), Int32(job)))
      }
    }
    keys.sort { $0 < $1 }
    for wave in room.indices {
      room[wave] = Double(instance.capacity)
      nextFree[wave] = Int32(wave)
    }
    for key in keys {
      let job = Int(key.1)
      completion[job] = place(job)
      total += value[job] * completion[job]
      size += value[job] * completion[job]
    }
    return total - 1e-11 * size
  }

  /// Packs a job, in parts if need be, and returns the mean wave of its parts.
  private mutating func place(_ job: Int) -> Double {
    let effort = Double(instance.effort[job])
    var left = effort
    var sum = 0.0
    let base = instance.lane[job] * waves
    var wave = find(base + earliest[job])
    while left > 0 {
      let part = min(left, room[wave])
      sum += part * Double(wave - base)
      left -= part
      room[wave] -= part
      guard room[wave] <= 0 else { break }
      nextFree[wave] = Int32(min(wave + 1, base + waves - 1))
      guard left > 0 else { break }
      guard wave + 1 < base + waves else { return sum / (effort - left) }
      wave = find(wave + 1)
    }
    return sum / effort
  }

  private mutating func find(_ start: Int) -> Int {
    var root = start
    while Int(nextFree[root]) != root { root = Int(nextFree[root]) }
    var walk = start
    while Int(nextFree[walk]) != root, walk != root {
      let next = Int(nextFree[walk])
      nextFree[walk] = Int32(root)
      walk = next
    }
    return root
  }
}
