import Diagnostics

/// Finds, for a problem with pinned jobs that has no schedule, the smallest set of wishes that cannot hold together.
struct WindowConflict {
  private let problem: WaveProblem
  private let units: Condensation
  private let instance: WaveInstance

  init(_ problem: WaveProblem, _ units: Condensation, _ instance: WaveInstance) {
    self.problem = problem
    self.units = units
    self.instance = instance
  }

  private static let cure = "loosen one of them: another wave, a larger capacity, or a wider budget"

  /// - Throws: `BulkheadError(.badInput)` for what can be seen without a search: a chain that is longer than the waves
  ///   it has, and groups that are more than the waves up to a date can hold.
  func check() throws(BulkheadError) {
    guard instance.hasWindows else { return }
    for unit in 0..<instance.count where instance.due[unit] < instance.release[unit] { throw chain(through: unit) }
    try checkRoom()
  }

  private func chain(through unit: Int) -> BulkheadError {
    var path = [unit]
    while let first = path.first, instance.release[first] > earliest(first),
      let before = instance.before.range(first).map({ Int(instance.before.items[$0]) })
        .first(where: { instance.release[$0] + 1 == instance.release[first] })
    { path.insert(before, at: 0) }
    while let last = path.last, instance.due[last] < latest(last),
      let after = instance.after.range(last).map({ Int(instance.after.items[$0]) })
        .first(where: { instance.due[$0] != .max && instance.due[$0] - 1 == instance.due[last] })
    { path.append(after) }
    let last = path[path.count - 1]
    return BulkheadError(
      .badInput,
      "\(path.map(name).joined(separator: " → ")) must come in this order, the first not before wave "
        + "\(instance.release[path[0]]) and the last not after wave \(instance.due[last])",
      cure: Self.cure)
  }

  private func earliest(_ unit: Int) -> Int32 {
    Int32(clamping: units.members[unit].map { problem.jobs[$0].earliest }.max() ?? 1)
  }

  private func latest(_ unit: Int) -> Int32 {
    units.members[unit].compactMap { problem.jobs[$0].latest }.min().map { Int32(clamping: $0) } ?? .max
  }

  private func name(_ unit: Int) -> String { Condensation.names(units.members[unit], problem) }

  /// More effort, or more members of a budget, within a span of waves than it can hold.
  private func checkRoom() throws(BulkheadError) {
    let pinned = (0..<instance.count).filter { instance.due[$0] != .max }
    let starts = Set(pinned.map { instance.release[$0] }).sorted().prefix(200)
    let ends = Set(pinned.map { instance.due[$0] }).sorted().prefix(200)
    for start in starts {
      for end in ends where end >= start {
        let inside = pinned.filter { instance.release[$0] >= start && instance.due[$0] <= end }
        let waves = Int(end - start) + 1
        for lane in 0..<instance.lanes {
          let group = inside.filter { instance.lane[$0] == lane }
          if group.reduce(0, { $0 + instance.effort[$1] }) > waves * instance.capacity {
            throw tooMany(group, start, end, "the capacity \(problem.capacity) of a wave")
          }
        }
        for (index, budget) in problem.budgets.enumerated() {
          let group = inside.filter { instance.budgets.items[instance.budgets.range($0)].contains(Int32(index)) }
          if group.count > waves * budget.limit { throw tooMany(group, start, end, budget.name) }
        }
      }
    }
  }

  private func tooMany(_ group: [Int], _ start: Int32, _ end: Int32, _ what: String) -> BulkheadError {
    let span = start == end ? "wave \(start)" : "waves \(start) to \(end)"
    return BulkheadError(
      .badInput, "\(group.prefix(20).map(name).joined(separator: ", ")) cannot all be in \(span): \(what)",
      cure: Self.cure)
  }

  /// Takes wishes away one by one for as long as there is still no schedule: what is left cannot hold together, but any
  /// part of it can.
  func noSchedule() -> BulkheadError {
    var kept = problem.jobs.indices.filter { problem.jobs[$0].latest != nil }
    if kept.count <= 200 {
      for job in kept {
        let fewer = kept.filter { $0 != job }
        if !isPossible(windows: Set(fewer)) { kept = fewer }
      }
    }
    let names = kept.prefix(20).map { job in
      "\(problem.jobs[job].id.safeForTerminal) up to wave \(problem.jobs[job].latest ?? 0)"
    }
    return BulkheadError(
      .badInput, "no schedule was found that has \(names.joined(separator: ", ")) together", cure: Self.cure)
  }

  private func isPossible(windows: Set<Int>) -> Bool {
    var fewer = problem
    for job in fewer.jobs.indices where !windows.contains(job) { fewer.jobs[job].latest = nil }
    var start = StartSchedules(Condensation(fewer).instance(fewer))
    start.run(rounds: 24)
    return start.cost.isFinite
  }
}
