package import Diagnostics

/// A schedule with its certificate.
package struct WaveSolution: Sendable, Equatable {
  /// Jobs by wave, as places in the problem's list, ascending within a wave.
  package var waves: [[Int]]
  /// Σ weight × wave, the first wave being 1.
  package var objective: Double
  /// No schedule has a smaller objective.
  package var lowerBound: Double
  /// Groups of jobs that each wait for the others; each is planned as one unit.
  package var cycles: [[Int]]

  /// How far the objective can be above the optimum, as a share of the bound.
  package var gap: Double { lowerBound > 0 ? max(0, objective / lowerBound - 1) : 0 }
}

/// Plans a bare instance: lists from a relaxation, local search, exact search where it is small. The same problem
/// gives the same solution; the work is bounded by counts.
package struct WaveSolver: Sendable {
  package init() {}

  /// - Throws: `BulkheadError(.badInput)` for a problem that has no schedule, naming the smallest conflict.
  package func solve(_ problem: WaveProblem) throws(BulkheadError) -> WaveSolution {
    try problem.validate()
    let units = Condensation(problem)
    try units.validate(problem)
    let instance = units.instance(problem)
    guard instance.count > 0 else { return WaveSolution(waves: [], objective: 0, lowerBound: 0, cycles: []) }
    try WindowConflict(problem, units, instance).check()
    let (wave, bound) = Self.schedule(instance)
    guard wave.count == instance.count else { throw WindowConflict(problem, units, instance).noSchedule() }
    var waves = [[Int]](repeating: [], count: Int(wave.max() ?? 0))
    for (unit, place) in wave.enumerated() { waves[Int(place) - 1] += units.members[unit] }
    for index in waves.indices { waves[index].sort() }
    var objective = 0.0
    for (index, members) in waves.enumerated() {
      for job in members { objective += problem.jobs[job].weight * Double(index + 1) }
    }
    return WaveSolution(
      waves: waves, objective: objective, lowerBound: Self.rounded(bound, problem, objective),
      cycles: units.members.filter { $0.count > 1 })
  }

  /// With whole weights the optimum is whole, so the bound may be rounded up.
  private static func rounded(_ bound: Double, _ problem: WaveProblem, _ objective: Double) -> Double {
    guard objective < 1e13, problem.jobs.allSatisfy({ $0.weight == $0.weight.rounded() }) else {
      return min(bound, objective)
    }
    return min((bound - max(1e-6, 1e-12 * objective)).rounded(.up), objective)
  }

  private static func schedule(_ instance: WaveInstance) -> (wave: [Int32], bound: Double) {
    var start = StartSchedules(instance)
    start.run()
    guard start.cost.isFinite else { return ([], start.bound) }
    var wave = start.best
    var cost = start.cost
    if start.bound < cost * (1 - 1e-12) {
      var search = LocalSearch(instance, wave: wave, cost: cost, tie: start.tie)
      let effort = SearchEffort(count: instance.count, isEven: instance.effort.allSatisfy { $0 == instance.effort[0] })
      for round in effort.rounds {
        search.run(work: round.work, reach: round.reach, heat: round.heat)
      }
      (wave, cost) = (search.best, search.bestCost)
    }
    (wave, cost) = compact(instance, wave, cost)
    guard instance.count <= ExactSearch.maximumJobs, !instance.hasWindows, start.bound < cost * (1 - 1e-12) else {
      return (wave, min(start.bound, cost))
    }
    var exact = ExactSearch(instance, budget: 400_000)
    let outcome = exact.run(limit: cost)
    if let better = outcome.wave { return (better, outcome.bound) }
    return (wave, min(cost, max(start.bound, outcome.bound)))
  }

  /// Moves everything as early as its own order allows; empty waves go.
  private static func compact(_ instance: WaveInstance, _ wave: [Int32], _ cost: Double) -> ([Int32], Double) {
    var scheduler = ListScheduler(instance)
    let all = (0..<instance.count).map { Int32($0) }
    guard
      let found = scheduler.schedule(
        all, priority: wave.map { Double($0) }, first: 1, last: instance.lastWave, limit: .infinity,
        inside: { _ in true }), found <= cost
    else { return (wave, cost) }
    var result = wave
    for entry in scheduler.assigned { result[Int(entry.job)] = entry.wave }
    return (result, found)
  }
}

/// How much work an instance of a size gets: about half a second at 500 jobs, a few at 10,000 and above. Uneven efforts
/// have to be packed as well as ordered: they get more, and a search that begins hotter.
struct SearchEffort {
  struct Round {
    var work: Int
    var reach: Int
    var heat: Double
  }
  var rounds: [Round]

  init(count: Int, isEven: Bool) {
    var work: Int
    switch count {
    // The exact search finishes what is left.
    case ...12: work = 2_000
    case ...30: work = 60_000
    case ...60: work = 400_000
    case ...150: work = 500_000
    case ...250: work = 2_600_000
    case ...1_000: work = 5_000_000
    default: work = 30_000_000
    }
    guard !isEven else {
      rounds = [Round(work: work / 2, reach: 6, heat: 0.02), Round(work: work / 2, reach: 12, heat: 0.005)]
      return
    }
    if count <= 250 { work *= 4 }
    let heats = [0.15, 0.06, 0.15, 0.06]
    rounds = heats.flatMap { heat in
      [
        Round(work: work / 2 / heats.count, reach: 6, heat: heat),
        Round(work: work / 2 / heats.count, reach: 12, heat: heat / 4),
      ]
    }
  }
}

/// Raises the bound and, on the way, turns the relaxation's fractional schedules into lists.
struct StartSchedules {
  private let instance: WaveInstance
  private var relaxation: RelaxationBound
  private var scheduler: ListScheduler
  private(set) var best: [Int32] = []
  private(set) var cost = Double.infinity
  /// The relaxation's order, between 0 and 1.
  private(set) var tie: [Double]

  var bound: Double { relaxation.best }

  init(_ instance: WaveInstance) {
    self.instance = instance
    relaxation = RelaxationBound(instance)
    scheduler = ListScheduler(instance)
    tie = [Double](repeating: 0, count: instance.count)
    consider(instance.weight.map { -$0 })
  }

  mutating func run(rounds limit: Int = .max) {
    let rounds = min(limit, instance.count <= 20_000 ? 400 : 120)
    for round in 0..<rounds {
      relaxation.step(upper: cost)
      guard relaxation.best < cost * (1 - 1e-12) else { break }
      if round % 8 == 7 {
        consider(relaxation.smoothed)
        consider(relaxation.completion)
      }
    }
    considerHeaviest()
    if cost.isInfinite { consider([Double](repeating: 0, count: instance.count)) }
    let top = relaxation.smoothed.max() ?? 1
    tie = relaxation.smoothed.map { $0 / max(top, 1) }
  }

  /// Lists in which the few heaviest jobs come as early as they can, their predecessors just in time for it: what a few
  /// jobs of an uneven lot cost is most of all there is.
  private mutating func considerHeaviest() {
    let heaviest = (0..<instance.count).sorted {
      instance.weight[$0] != instance.weight[$1] ? instance.weight[$0] > instance.weight[$1] : $0 < $1
    }
    let base = relaxation.smoothed
    var due = [Double](repeating: .infinity, count: instance.count)
    var stack: [Int] = []
    var work = 40 * instance.count + 100_000
    for (rank, job) in heaviest.prefix(64).enumerated() {
      due[job] = min(due[job], Double(relaxation.earliest[job]))
      stack.append(job)
      while let next = stack.popLast(), work > 0 {
        for index in instance.before.range(next) {
          let earlier = Int(instance.before.items[index])
          work -= 1
          guard due[earlier] > due[next] - 1 else { continue }
          due[earlier] = due[next] - 1
          stack.append(earlier)
        }
      }
      guard rank & (rank + 1) == 0 else { continue }
      // At 1, 2, 4, 8 … jobs. Below every other priority, by date.
      consider(zip(due, base).map { $0.isFinite ? $0 - 1e9 + 1e-3 * $1 / (1 + $1) : $1 })
      consider(zip(due, base).map { min($0, $1) })
    }
  }

  private mutating func consider(_ wanted: [Double]) {
    var priority = wanted
    if instance.hasWindows {
      // What is due comes first, by its date.
      for job in 0..<instance.count where instance.due[job] != .max {
        priority[job] = -1e15 + Double(instance.due[job]) + min(0.5, max(-0.5, wanted[job] * 1e-13))
      }
    }
    let all = (0..<instance.count).map { Int32($0) }
    guard
      let found = scheduler.schedule(
        all, priority: priority, first: 1, last: instance.lastWave, limit: cost, inside: { _ in true })
    else { return }
    cost = found
    best = [Int32](repeating: 0, count: instance.count)
    for entry in scheduler.assigned { best[Int(entry.job)] = entry.wave }
  }
}
