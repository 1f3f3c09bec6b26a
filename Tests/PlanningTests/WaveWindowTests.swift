import Diagnostics
import Planning
import Testing

/// The least objective with windows, by trying every wave for every job; nil where there is no schedule.
private func bruteForce(_ problem: WaveProblem, waves: Int) -> Double? {
  var best: Double?
  var wave = [Int](repeating: 0, count: problem.jobs.count)
  func place(_ job: Int, _ cost: Double) {
    if let best, cost >= best { return }
    guard job < problem.jobs.count else {
      guard problem.precedence.allSatisfy({ wave[$0.before] < wave[$0.after] }) else { return }
      for number in 1...waves {
        let members = problem.jobs.indices.filter { wave[$0] == number }
        for lane in 0..<2 {
          let effort = members.filter { problem.jobs[$0].lane == lane }.reduce(0) { $0 + problem.jobs[$1].effort }
          guard effort <= problem.capacity else { return }
        }
        for budget in problem.budgets where members.count(where: budget.members.contains) > budget.limit { return }
      }
      best = cost
      return
    }
    let entry = problem.jobs[job]
    for number in entry.earliest...max(entry.earliest, min(waves, entry.latest ?? waves)) {
      wave[job] = number
      place(job + 1, cost + entry.weight * Double(number))
    }
  }
  place(0, 0)
  return best
}

@Suite struct WaveWindowTests {
  private func instance(_ seed: Int) -> WaveProblem {
    var random = Lehmer(seed + 7)
    let count = 1 + random.next(5)
    let capacity = 1 + random.next(2)
    let jobs = (0..<count).map { index in
      let earliest = random.next(3) == 0 ? 1 + random.next(2) : 1
      return WaveProblem.Job(
        id: "j\(index)", weight: Double(random.next(20)), lane: random.next(2), earliest: earliest,
        latest: random.next(3) == 0 ? earliest + random.next(3) : nil)
    }
    var pairs: [WaveProblem.Precedence] = []
    for _ in 0..<random.next(count + 1) {
      let (left, right) = (random.next(count), random.next(count))
      if left < right { pairs.append(.init(left, right)) }
    }
    return WaveProblem(jobs: jobs, precedence: pairs, capacity: capacity)
  }

  /// Every answer keeps the windows, is no better than the best and no worse than the bound says; what is refused has
  /// no schedule at all. Windows are a heuristic's matter: a small share may miss the optimum.
  @Test func windowsAreKept() throws {
    var exact = 0
    var solved = 0
    for seed in 0..<400 {
      let problem = instance(seed)
      let optimum = bruteForce(problem, waves: problem.jobs.count + 3)
      do {
        let solution = try WaveSolver().solve(problem)
        let best = try #require(optimum, "seed \(seed)")
        solved += 1
        for (index, members) in solution.waves.enumerated() {
          for job in members {
            #expect(index + 1 >= problem.jobs[job].earliest && index + 1 <= problem.jobs[job].latest ?? .max)
          }
        }
        #expect(solution.objective >= best - 1e-9, "seed \(seed)")
        #expect(solution.lowerBound <= best + 1e-9, "seed \(seed)")
        if solution.objective <= best + 1e-9 { exact += 1 }
      } catch let error as BulkheadError {
        #expect(error.exit == .badInput)
        #expect(optimum == nil, "seed \(seed): \(error.message)")
      }
    }
    #expect(solved > 200)
    #expect(exact * 100 >= solved * 97, "\(exact) of \(solved)")
  }

  private func jobs(_ windows: [(Int, Int?)]) -> [WaveProblem.Job] {
    windows.enumerated().map { WaveProblem.Job(id: "j\($0)", weight: 1, earliest: $1.0, latest: $1.1) }
  }

  @Test func theSmallestConflictIsNamed() {
    let chain = WaveProblem(
      jobs: jobs([(1, nil), (1, nil), (1, 2), (1, nil)]), precedence: [.init(0, 1), .init(1, 2)], capacity: 9)
    let room = WaveProblem(jobs: jobs([(1, 1), (1, 1), (1, 1), (1, nil)]), precedence: [], capacity: 2)
    let budget = WaveProblem(
      jobs: jobs([(2, 2), (2, 2), (1, nil)]), precedence: [], capacity: 9,
      budgets: [.init(members: [0, 1], limit: 1, name: "budget B")])
    for (problem, parts) in [
      (chain, ["j0 → j1 → j2", "wave 2"]), (room, ["j0, j1, j2", "wave 1", "capacity 2"]),
      (budget, ["j0, j1", "wave 2", "budget B"]),
    ] {
      let error = #expect(throws: BulkheadError.self) { try WaveSolver().solve(problem) }
      for part in parts { #expect(error?.message.contains(part) ?? false, "\(error?.message ?? "")") }
      #expect(!(error?.message.contains("j3") ?? true))
    }
  }

  @Test func lanesDoNotTakeRoomFromEachOther() throws {
    let jobs = (0..<4).map { WaveProblem.Job(id: "j\($0)", weight: 1, lane: $0 % 2) }
    #expect(try WaveSolver().solve(WaveProblem(jobs: jobs, precedence: [], capacity: 2)).waves == [[0, 1, 2, 3]])
    #expect(try WaveSolver().solve(WaveProblem(jobs: jobs, precedence: [], capacity: 1)).waves.count == 2)
  }
}
