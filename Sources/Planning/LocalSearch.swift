/// Improves a schedule by moving one job, with whatever must go before or after it, over a window of waves and filling
/// the window again from its list: insertions, swaps and moves of whole blocks in one.
///
/// Threshold accepting with a falling threshold; the work is counted, not timed, and the generator is seeded, so that
/// the same instance gives the same schedule.
struct LocalSearch {
  private let instance: WaveInstance
  private var scheduler: ListScheduler
  private var random = SplitMix64(state: 0x9E37_79B9_7F4A_7C15)
  private var priority: [Double]
  private var tie: [Double]
  private var wave: [Int32]
  private var members: [[Int32]]
  private var window: [Int32] = []
  private var marked: [Bool]
  private(set) var cost: Double
  private(set) var best: [Int32]
  private(set) var bestCost: Double

  /// - Parameters:
  ///   - wave: a valid schedule, waves from 1.
  ///   - tie: the order of jobs of one wave, between 0 and 1.
  init(_ instance: WaveInstance, wave: [Int32], cost: Double, tie: [Double]) {
    self.instance = instance
    scheduler = ListScheduler(instance)
    priority = [Double](repeating: 0, count: instance.count)
    self.tie = tie
    self.wave = wave
    members = [[Int32]](repeating: [], count: Int(wave.max() ?? 0) + 2)
    marked = [Bool](repeating: false, count: instance.count)
    for (job, place) in wave.enumerated() { members[Int(place)].append(Int32(job)) }
    self.cost = cost
    best = wave
    bestCost = cost
  }

  /// - Parameter work: how many jobs may be placed again, in all.
  mutating func run(work: Int, reach: Int, heat: Double) {
    guard instance.count > 1 else { return }
    let scale = bestCost / Double(max(1, instance.count)) * heat
    var spent = 0
    while spent < work {
      let threshold = scale * Double(work - spent) / Double(work)
      spent += 4 + move(reach: reach, threshold: threshold)
    }
    restoreBest()
  }

  private mutating func restoreBest() {
    guard cost > bestCost else { return }
    wave = best
    cost = bestCost
    for index in members.indices { members[index].removeAll() }
    for (job, place) in wave.enumerated() {
      while members.count <= Int(place) + 1 { members.append([]) }
      members[Int(place)].append(Int32(job))
    }
  }

  private mutating func move(reach: Int, threshold: Double) -> Int {
    let job = random.next(instance.count)
    let from = Int(wave[job])
    let distance = 1 + random.next(reach)
    let earlier = random.next(4) != 0
    let first = earlier ? max(1, from - distance) : from
    let last = min(members.count - 1, earlier ? from : from + distance)
    guard first < last else { return 0 }
    collect(first, last)
    var old = 0.0
    for item in window { old += instance.weight[Int(item)] * Double(wave[Int(item)]) }
    if earlier {
      pull(job, to: Double(first) - 0.5, notBefore: first)
    } else {
      priority[job] = Double(last) + 0.5
    }
    let wave = wave
    let low = Int32(first)
    let high = Int32(last)
    guard
      let new = scheduler.schedule(
        window, priority: priority, first: first, last: last, limit: old + threshold + 1e-9,
        inside: { wave[Int($0)] >= low && wave[Int($0)] <= high })
    else { return window.count }
    if new <= old + threshold { accept(first, last, change: new - old) }
    return window.count
  }

  private mutating func collect(_ first: Int, _ last: Int) {
    window.removeAll(keepingCapacity: true)
    for place in first...last {
      for item in members[place] {
        priority[Int(item)] = Double(place) + 0.4 * tie[Int(item)]
        window.append(item)
      }
    }
  }

  /// Brings a job and all that must come before it, as far as it lies in the window, to the front: longer chains to the
  /// job first, then (mostly) larger efforts, which are the harder to pack.
  private mutating func pull(_ job: Int, to value: Double, notBefore first: Int) {
    var stack: [(job: Int, chain: Int)] = [(job, 0)]
    // In a dense graph the longest chains would be found again and again.
    var patience = 4 * window.count
    while let next = stack.popLast() {
      let size = Double(instance.effort[next.job]) / Double(instance.capacity)
      let key = value - 0.01 * Double(min(next.chain, 40)) - 0.004 * size * Double(random.next(100) - 20) / 80
      guard key < priority[next.job], patience > 0 else { continue }
      patience -= 1
      priority[next.job] = key
      for index in instance.before.range(next.job) {
        let earlier = Int(instance.before.items[index])
        if Int(wave[earlier]) >= first { stack.append((earlier, next.chain + 1)) }
      }
    }
  }

  private mutating func accept(_ first: Int, _ last: Int, change: Double) {
    for place in first...last { members[place].removeAll(keepingCapacity: true) }
    for entry in scheduler.assigned {
      wave[Int(entry.job)] = entry.wave
      members[Int(entry.wave)].append(entry.job)
    }
    if !members[members.count - 1].isEmpty { members.append([]) }
    cost += change
    if cost < bestCost * (1 - 1e-12) {
      bestCost = cost
      best = wave
    }
  }
}

/// Steele, Lea, Flood 2014: a small repeatable generator.
struct SplitMix64 {
  var state: UInt64

  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    return Int((mixed >> 11) % UInt64(bound))
  }
}
