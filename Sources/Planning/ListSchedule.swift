/// Waves filled from a list: in each, what is available goes in by priority as long as it fits.
///
/// Every schedule that no single job can improve by moving earlier is the list schedule of its own order, so the
/// search may go through priorities alone.
struct ListScheduler {
  private let instance: WaveInstance
  /// One a lane.
  private var heaps: [PriorityHeap]
  private var open: [Int32]
  private var used: [Int32]
  private var aside: [(Double, Int32)] = []
  /// Jobs seen in the present wave that may only come later.
  private var waiting = 0
  /// Assigned jobs by wave of the last schedule, from the first wave of its window.
  private(set) var assigned: [(job: Int32, wave: Int32)] = []

  init(_ instance: WaveInstance) {
    self.instance = instance
    heaps = [PriorityHeap](repeating: PriorityHeap(), count: instance.lanes)
    open = [Int32](repeating: 0, count: instance.count)
    used = [Int32](repeating: 0, count: instance.limits.count)
  }

  /// Schedules `jobs`, whose earlier neighbours outside of `jobs` all lie before `first`.
  /// - Returns: their share of the objective, or nil as soon as it cannot stay below `limit` or within `last`.
  mutating func schedule(
    _ jobs: some Collection<Int32>, priority: [Double], first: Int, last: Int, limit: Double,
    inside: (Int32) -> Bool
  ) -> Double? {
    for index in heaps.indices { heaps[index].removeAll() }
    waiting = 0
    assigned.removeAll(keepingCapacity: true)
    var left = 0.0
    for item in jobs {
      let job = Int(item)
      left += instance.weight[job]
      var count: Int32 = 0
      for index in instance.before.range(job) where inside(instance.before.items[index]) { count += 1 }
      open[job] = count
      if count == 0 { heaps[instance.lane[job]].push((priority[job], item)) }
    }
    let total = jobs.count
    var wave = first
    var cost = 0.0
    while assigned.count < total {
      guard wave <= last, cost + left * Double(wave) < limit else { return nil }
      let begin = assigned.count
      guard fill(wave) else { return nil }
      for index in begin..<assigned.count {
        let job = Int(assigned[index].job)
        cost += instance.weight[job] * Double(wave)
        left -= instance.weight[job]
        for place in instance.after.range(job) where inside(instance.after.items[place]) {
          let next = instance.after.items[place]
          open[Int(next)] -= 1
          if open[Int(next)] == 0 { heaps[instance.lane[Int(next)]].push((priority[Int(next)], next)) }
        }
      }
      // A wave stays empty only while all that is left must not come yet.
      guard assigned.count > begin || waiting > 0 else { return nil }
      wave += 1
    }
    return cost
  }

  /// - Returns: false when a job was placed after its last wave.
  private mutating func fill(_ wave: Int) -> Bool {
    for index in used.indices { used[index] = 0 }
    let patience = instance.count <= 2_000 ? Int.max : 64
    let windows = instance.hasWindows
    waiting = 0
    var inTime = true
    for lane in heaps.indices {
      var room = instance.capacity
      aside.removeAll(keepingCapacity: true)
      while room >= instance.smallestEffort, aside.count < patience, let entry = heaps[lane].pop() {
        let job = Int(entry.1)
        if windows && Int(instance.release[job]) > wave {
          waiting += 1
          aside.append(entry)
        } else if instance.effort[job] <= room, instance.fitsBudgets(job, used) {
          room -= instance.effort[job]
          instance.takeBudgets(job, &used)
          if windows && Int(instance.due[job]) < wave { inTime = false }
          assigned.append((entry.1, Int32(wave)))
        } else {
          aside.append(entry)
        }
      }
      for entry in aside { heaps[lane].push(entry) }
    }
    return inTime
  }
}

/// A binary heap; the least comes out first, equals by job.
struct PriorityHeap {
  private var items: [(Double, Int32)] = []

  mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  mutating func push(_ item: (Double, Int32)) {
    items.append(item)
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard item < items[parent] else { break }
      items[child] = items[parent]
      child = parent
    }
    items[child] = item
  }

  mutating func pop() -> (Double, Int32)? {
    guard let top = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return top }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < items.count else { break }
      if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
      guard items[child] < last else { break }
      items[parent] = items[child]
      parent = child
    }
    items[parent] = last
    return top
  }
}
