/// The earliest wave of each job (from 1), whatever the others cost.
///
/// Of the jobs that must come before it, those that cannot begin before wave h and that have a chain of t more waves up
/// to the job need whole waves of their own between h and its wave less t: the job comes at h − 1 + waves + t or
/// later, for every h and t. How many waves some efforts need is bounded as for bin packing: by their sum, and by dual
/// feasible functions (Fekete and Schepers 2001), which see that three efforts of 3 do not fit into 8.
struct EarliestWaves {
  private let instance: WaveInstance
  private(set) var waves: [Int]
  /// Chains from a predecessor to the job at hand; 0 is none.
  private var tail: [Int32]
  private var group: [Int32] = []
  private var work: Int

  /// - Parameter work: steps that may be spent on sets of predecessors; beyond it only chains count.
  init(_ instance: WaveInstance, work: Int = 20_000_000) {
    self.instance = instance
    self.work = work
    waves = instance.release.map { Int($0) }
    tail = [Int32](repeating: 0, count: instance.count)
    // Reverse topological positions, to walk from a job to its predecessors in the right order.
    var position = [Int32](repeating: 0, count: instance.count)
    for (place, item) in instance.order.enumerated() { position[Int(item)] = Int32(place) }
    for item in instance.order {
      let job = Int(item)
      for index in instance.before.range(job) {
        waves[job] = max(waves[job], waves[Int(instance.before.items[index])] + 1)
      }
      guard instance.before.range(job).count > 0, self.work > 0 else { continue }
      collect(job, position)
      for lane in 0..<instance.lanes { waves[job] = max(waves[job], bound(lane)) }
      for member in group { tail[Int(member)] = 0 }
      tail[job] = 0
    }
  }

  /// All that must come before a job, with the longest chain from there to it.
  private mutating func collect(_ job: Int, _ position: [Int32]) {
    group.removeAll(keepingCapacity: true)
    var heap = PriorityHeap()
    heap.push((-Double(position[job]), Int32(job)))
    while let entry = heap.pop() {
      let next = Int(entry.1)
      for index in instance.before.range(next) {
        let earlier = instance.before.items[index]
        work -= 1
        if tail[Int(earlier)] == 0 {
          group.append(earlier)
          heap.push((-Double(position[Int(earlier)]), earlier))
        }
        tail[Int(earlier)] = max(tail[Int(earlier)], tail[next] + 1)
      }
      work -= 8
      if work <= 0 { break }
    }
  }

  private mutating func bound(_ lane: Int) -> Int {
    // Cut short, some of the predecessors' chains may be too short: what is said of them holds all the same.
    let members = group.filter { instance.lane[Int($0)] == lane }
    guard members.count > 1 else { return 1 }
    let heads = Set(members.map { waves[Int($0)] }).sorted()
    let tails = Set(members.map { tail[Int($0)] }).sorted()
    let isSmall = members.count * heads.count * tails.count <= 200_000
    var best = 1
    for head in isSmall ? heads : [heads[0]] {
      for chain in isSmall ? tails : [tails[0]] {
        var count = EffortCount(capacity: instance.capacity)
        for member in members where waves[Int(member)] >= head && tail[Int(member)] >= chain {
          count.add(instance.effort[Int(member)])
        }
        work -= members.count
        guard count.number > 0 else { continue }
        best = max(best, head - 1 + count.waves + Int(chain))
      }
    }
    return best
  }
}

/// A lower bound on the waves that some efforts need.
private struct EffortCount {
  private let capacity: Int
  private(set) var number = 0
  private var sum = 0.0
  /// Σ of the dual feasible functions u(k), in units of 1/k of a wave.
  private var parts = [Int](repeating: 0, count: 4)

  init(capacity: Int) { self.capacity = capacity }

  mutating func add(_ effort: Int) {
    number += 1
    sum += Double(effort)
    for k in 1...4 {
      // u(k) of x = effort / capacity: x itself where (k + 1) x is whole, else ⌊(k + 1) x⌋ / k.
      let (product, overflow) = effort.multipliedReportingOverflow(by: k + 1)
      guard !overflow else { continue }
      // Whole: x = m / (k + 1) ≥ (m − 1) / k, and rounding that down keeps the function feasible.
      parts[k - 1] += product.isMultiple(of: capacity) ? max(0, product / capacity - 1) : product / capacity
    }
  }

  var waves: Int {
    var result = Int((sum / Double(capacity) - 1e-9).rounded(.up))
    for k in 1...4 { result = max(result, (parts[k - 1] + k - 1) / k) }
    return result
  }
}
