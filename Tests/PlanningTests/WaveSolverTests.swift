import Diagnostics
import Planning
import Testing

/// Every schedule of a small instance, by trying every batch in every state.
private struct BruteForce {
  let problem: WaveProblem
  var known: [Int: Double] = [:]

  mutating func optimum(_ done: Int = 0) -> Double {
    let count = problem.jobs.count
    guard done != (1 << count) - 1 else { return 0 }
    if let found = known[done] { return found }
    let left = (0..<count).filter { done >> $0 & 1 == 0 }
    let free = left.filter { job in
      problem.precedence.allSatisfy { $0.after != job || done >> $0.before & 1 == 1 }
    }
    let weight = left.reduce(0.0) { $0 + problem.jobs[$1].weight }
    var best = Double.infinity
    for choice in 1..<(1 << free.count) {
      let batch = free.indices.filter { choice >> $0 & 1 == 1 }.map { free[$0] }
      guard
        (0..<WaveProblem.maximumLanes).allSatisfy({ lane in
          batch.filter { problem.jobs[$0].lane == lane }.reduce(0) { $0 + problem.jobs[$1].effort } <= problem.capacity
        }),
        problem.budgets.allSatisfy({ budget in batch.filter(budget.members.contains).count <= budget.limit })
      else { continue }
      best = min(best, weight + optimum(batch.reduce(done) { $0 | 1 << $1 }))
    }
    known[done] = best
    return best
  }
}

private func expectValid(_ solution: WaveSolution, _ problem: WaveProblem) {
  var wave = [Int](repeating: 0, count: problem.jobs.count)
  for (index, members) in solution.waves.enumerated() {
    #expect(!members.isEmpty)
    for lane in Set(members.map { problem.jobs[$0].lane }) {
      let effort = members.filter { problem.jobs[$0].lane == lane }.reduce(0) { $0 + problem.jobs[$1].effort }
      #expect(effort <= problem.capacity)
    }
    for budget in problem.budgets { #expect(members.filter(budget.members.contains).count <= budget.limit) }
    for job in members { wave[job] = index + 1 }
  }
  #expect(solution.waves.joined().sorted() == Array(problem.jobs.indices))
  #expect(problem.precedence.allSatisfy { wave[$0.before] < wave[$0.after] })
  let sum = problem.jobs.indices.reduce(0.0) { $0 + problem.jobs[$1].weight * Double(wave[$1]) }
  #expect(abs(sum - solution.objective) <= 1e-9 * sum)
  #expect(solution.lowerBound <= solution.objective)
}

private func instance(_ seed: Int, jobs count: Int, whole: Bool = true, lanes: Int = 1) -> WaveProblem {
  var random = Lehmer(seed)
  let capacity = 1 + random.next(5)
  let unit = random.next(2) == 0
  let jobs = (0..<count).map { index in
    WaveProblem.Job(
      id: "j\(index)", weight: Double(random.next(100)) / (whole ? 1 : 7), effort: unit ? 1 : 1 + random.next(capacity),
      lane: random.next(lanes))
  }
  var pairs: [WaveProblem.Precedence] = []
  if count > 1 {
    for _ in 0..<random.next(2 * count) {
      let pair = (random.next(count), random.next(count))
      // A scrambled order, so that numbers say nothing about precedence.
      let (left, right) = (pair.0 * 7 % 11, pair.1 * 7 % 11)
      if left < right { pairs.append(WaveProblem.Precedence(pair.0, pair.1)) }
    }
  }
  let budgets = random.next(3) == 0 ? [WaveProblem.Budget(members: Array(0..<min(3, count)), limit: 1)] : []
  return WaveProblem(jobs: jobs, precedence: pairs, capacity: capacity, budgets: budgets)
}

@Suite struct WaveSolverTests {
  @Test(arguments: 0..<40) func smallInstancesAreOptimal(block: Int) throws {
    for seed in (block * 25)..<(block * 25 + 25) {
      let problem = instance(seed, jobs: 1 + seed % 9, whole: seed % 2 == 0, lanes: 1 + seed % 3 / 2)
      let solution = try WaveSolver().solve(problem)
      var brute = BruteForce(problem: problem)
      let optimum = brute.optimum()
      expectValid(solution, problem)
      #expect(abs(solution.objective - optimum) <= 1e-9 * (1 + optimum), "seed \(seed)")
      #expect(solution.lowerBound <= optimum * (1 + 1e-9) + 1e-9, "seed \(seed)")
      #expect(solution.gap <= 1e-9, "seed \(seed)")
    }
  }

  @Test func theSameProblemGivesTheSameSolution() throws {
    let problem = instance(5, jobs: 11)
    #expect(try WaveSolver().solve(problem) == WaveSolver().solve(problem))
  }

  @Test func aCircleIsOneUnit() throws {
    let jobs = (0..<4).map { WaveProblem.Job(id: "j\($0)", weight: 1) }
    var problem = WaveProblem(
      jobs: jobs, precedence: [.init(0, 1), .init(1, 2), .init(2, 1), .init(2, 3)], capacity: 2)
    #expect(try WaveSolver().solve(problem).waves == [[0], [1, 2], [3]])
    #expect(try WaveSolver().solve(problem).cycles == [[1, 2]])
    #expect(problem.shortestCycle() == [1, 2])
    problem.capacity = 1
    let error = #expect(throws: BulkheadError.self) { try WaveSolver().solve(problem) }
    #expect(error?.message.contains("j1, j2") == true)
  }

  @Test func theShortestCircleIsNamed() {
    let jobs = (0..<6).map { WaveProblem.Job(id: "j\($0)", weight: 1) }
    let long: [WaveProblem.Precedence] = [.init(0, 1), .init(1, 2), .init(2, 3), .init(3, 0)]
    var problem = WaveProblem(jobs: jobs, precedence: long + [.init(3, 4), .init(4, 2)], capacity: 9)
    #expect(problem.shortestCycle() == [2, 3, 4])
    problem.precedence = [.init(0, 1), .init(1, 2)]
    #expect(problem.shortestCycle() == nil)
  }

  @Test(arguments: [
    (weight: -1.0, effort: 1, capacity: 2), (.infinity, 1, 2), (.nan, 1, 2), (1e13, 1, 2), (1, 0, 2), (1, 3, 2),
    (1, 1, 0),
  ]) func badNumbersAreRefused(weight: Double, effort: Int, capacity: Int) {
    let problem = WaveProblem(
      jobs: [.init(id: "j", weight: weight, effort: effort)], precedence: [], capacity: capacity)
    let error = #expect(throws: BulkheadError.self) { try WaveSolver().solve(problem) }
    #expect(error?.exit == .badInput)
  }

  @Test func nothingNeedsNoWave() throws {
    #expect(try WaveSolver().solve(WaveProblem(jobs: [], precedence: [], capacity: 1)).waves.isEmpty)
  }
}
