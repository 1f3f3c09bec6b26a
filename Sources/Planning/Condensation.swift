import Diagnostics

/// Jobs that wait for each other in a circle, put together into one unit.
struct Condensation {
  /// Units by their first job; members ascending.
  let members: [[Int]]
  let unitOf: [Int]

  init(_ problem: WaveProblem) {
    var successors: [Int: [Int]] = [:]
    for pair in problem.precedence where pair.before != pair.after {
      successors[pair.before, default: []].append(pair.after)
    }
    let found = StronglyConnected.components(nodes: Array(problem.jobs.indices), successors: successors)
    members = found.map { $0.sorted() }.sorted { $0[0] < $1[0] }
    var unitOf = [Int](repeating: 0, count: problem.jobs.count)
    for (unit, jobs) in members.enumerated() {
      for job in jobs { unitOf[job] = unit }
    }
    self.unitOf = unitOf
  }

  func validate(_ problem: WaveProblem) throws(BulkheadError) {
    for jobs in members where jobs.count > 1 {
      if Set(jobs.map { problem.jobs[$0].lane }).count > 1 {
        throw BulkheadError(
          .badInput, "\(Self.names(jobs, problem)) wait for each other across lanes", cure: "take one pair out")
      }
      var effort = 0
      for job in jobs {
        effort += problem.jobs[job].effort
        guard effort <= problem.capacity else { throw tooLarge(jobs, problem) }
      }
      for budget in problem.budgets where jobs.filter(budget.members.contains).count > budget.limit {
        throw BulkheadError(
          .badInput, "\(Self.names(jobs, problem)) wait for each other, but a budget forbids one wave for them",
          cure: "take one pair out of the circle, or widen the budget")
      }
    }
  }

  private func tooLarge(_ jobs: [Int], _ problem: WaveProblem) -> BulkheadError {
    BulkheadError(
      .badInput,
      "\(Self.names(jobs, problem)) wait for each other and together are more than the capacity \(problem.capacity)",
      cure: "take one pair out of the circle, or raise the capacity")
  }

  static func names(_ jobs: [Int], _ problem: WaveProblem) -> String {
    let shown = jobs.prefix(20).map { problem.jobs[$0].id.safeForTerminal }.joined(separator: ", ")
    return jobs.count > 20 ? "\(shown) and \(jobs.count - 20) more" : shown
  }

  func instance(_ problem: WaveProblem) -> WaveInstance {
    let pairs = problem.precedence.compactMap { pair -> (Int32, Int32)? in
      let before = unitOf[pair.before]
      let after = unitOf[pair.after]
      return before == after ? nil : (Int32(before), Int32(after))
    }
    let budgets = problem.budgets.map { budget in
      WaveProblem.Budget(members: budget.members.map { unitOf[$0] }, limit: budget.limit)
    }
    let asks = members.map { jobs in
      WaveInstance.Ask(
        weight: jobs.reduce(0.0) { $0 + problem.jobs[$1].weight },
        effort: jobs.reduce(0) { $0 + problem.jobs[$1].effort }, lane: problem.jobs[jobs[0]].lane,
        earliest: jobs.map { problem.jobs[$0].earliest }.max() ?? 1,
        latest: jobs.compactMap { problem.jobs[$0].latest }.min())
    }
    return WaveInstance(asks: asks, capacity: problem.capacity, pairs: pairs, budgets: budgets)
  }
}
