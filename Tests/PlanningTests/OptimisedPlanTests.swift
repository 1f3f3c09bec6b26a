import Diagnostics
import FleetModel
import IntentModel
import Planning
import Testing

private func id(_ index: Int) -> ObjectReference {
  ObjectReference(kind: "Deployment", namespace: "t", name: "w\(index)")
}

private func weights(_ fleet: Fleet, _ random: inout Lehmer) -> ExposureWeights {
  var entering: [ObjectReference: Double] = [:]
  var locking: [ObjectReference: Double] = [:]
  for workload in fleet.workloads {
    entering[workload.id] = Double(random.next(20))
    locking[workload.id] = Double(random.next(50))
  }
  let sum = fleet.workloads.reduce(0.0) { $0 + (entering[$1.id] ?? 0) + (locking[$1.id] ?? 0) }
  return ExposureWeights(before: sum + 1, after: 1, entering: entering, locking: locking)
}

/// Puts the second workload behind the first one's service as well.
private func paired(_ fleet: Fleet) -> Fleet {
  var fleet = fleet
  for place in 0..<min(2, fleet.workloads.count) { fleet.workloads[place].podLabels["pair"] = "yes" }
  if let first = fleet.services.indices.first { fleet.services[first].selector = ["pair": "yes"] }
  return fleet
}

@Suite struct OptimisedPlanTests {
  @Test(arguments: 0..<150) func randomFleetsBreakNoRule(seed: Int) throws {
    var random = Lehmer(seed + 31)
    let count = 2 + random.next(10)
    let calls = (0..<random.next(3 * count)).map { _ in (random.next(count), random.next(count)) }
    var fleet = fleet(count, calls: calls, outside: random.next(2) == 0 ? [0] : [])
    if random.next(2) == 0 { fleet = paired(fleet) }
    var rules = WaveRules()
    rules.capacity = 1 + random.next(4)
    if random.next(3) == 0 { rules.excluded[id(random.next(count))] = "a test" }
    if random.next(3) == 0 { rules.protected = [id(random.next(count)), id(random.next(count))] }
    rules.protected.subtract(rules.excluded.keys)
    if random.next(4) == 0 {
      let last = id(random.next(count))
      if rules.excluded[last] == nil { rules.pinned[last] = .last }
    }
    let planner = WavePlanner(rules: rules, weights: weights(fleet, &random))
    let plan = try planner.optimised(fleet)
    #expect(try plan == planner.optimised(fleet))
    let breaches = PlanCheck(plan).breaches(fleet: fleet, rules: rules)
    #expect(breaches.isEmpty, "seed \(seed): \(breaches.map(\.message))")
    let end = plan.postures(before: plan.waves.count)
    for workload in fleet.workloads {
      #expect((end[workload.id]?.enrolled ?? false) == (rules.excluded[workload.id] == nil))
    }
    let exposure = try #require(plan.exposure)
    #expect(exposure.lowerBound <= exposure.integral + 1e-9)
  }

  @Test func heavyWorkloadsComeFirst() throws {
    let fleet = fleet(6, calls: [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)])
    var heavy = ExposureWeights(before: 100, after: 0, entering: [:], locking: [:])
    heavy.entering[id(5)] = 90
    heavy.locking[id(5)] = 10
    var rules = WaveRules()
    rules.capacity = 1
    let plan = try WavePlanner(rules: rules, weights: heavy).optimised(fleet)
    #expect(plan.waves[0].steps.map(\.workload) == [id(5), id(5), id(5)])
    // Its only caller follows at once, so that it can be locked.
    #expect(plan.waves[1].steps.contains { $0.workload == id(4) && $0.action == .enrol })
    #expect(plan.waves[2].steps.contains { $0.workload == id(5) && $0.action == .requireMutualTLS })
    let integral = try #require(plan.exposure).integral
    #expect(abs(integral - 120) < 1e-9)
  }

  @Test func anExcludedCallerKeepsItsServersOpen() throws {
    let fleet = fleet(3, calls: [(0, 1), (1, 2)])
    var rules = WaveRules()
    rules.excluded[id(1)] = "it is going away"
    let plan = try WavePlanner(
      rules: rules, weights: ExposureWeights(before: 1, after: 0, entering: [:], locking: [:])
    ).optimised(fleet)
    let refused = plan.refusals.map { "\($0.workload.name) \($0.action.rawValue)" }
    #expect(refused == ["w0 requireMutualTLS", "w1 enrol", "w2 authorise", "w2 requireMutualTLS"])
    #expect(plan.postures(before: plan.waves.count)[id(2)]?.isolated == true)
  }

  @Test func circlesChangeInOneWaveAndAreNamed() throws {
    let fleet = fleet(5, calls: [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4)])
    var rules = WaveRules()
    rules.capacity = 2
    let weights = ExposureWeights(before: 1, after: 0, entering: [id(4): 1], locking: [:])
    let plan = try WavePlanner(rules: rules, weights: weights).optimised(fleet)
    let waves = [id(0), id(1), id(2)].map { member in
      plan.waves.firstIndex { $0.steps.contains { $0.workload == member && $0.action == .enrol } }
    }
    #expect(Set(waves).count == 1)
    let note = try #require(plan.notes.first)
    #expect(note.contains("t/w0[Deployment], t/w1[Deployment], t/w2[Deployment]") && note.contains("capacity 2"))
  }

  @Test func aBudgetThatLetsNobodyGoIsNamed() {
    var fleet = fleet(2, calls: [])
    var budget = DisruptionBudget(
      id: ObjectReference(kind: "PodDisruptionBudget", namespace: "t", name: "strict"),
      location: SourceLocation(file: "pdb.yaml", line: 7))
    budget.selector = LabelSelector([.init(key: "app", operation: .isIn, values: ["w1"])])
    budget.minAvailable = .percent(100)
    fleet.disruptionBudgets = [budget]
    let weights = ExposureWeights(before: 1, after: 0, entering: [:], locking: [:])
    let error = #expect(throws: BulkheadError.self) {
      try WavePlanner(rules: WaveRules(), weights: weights).optimised(fleet)
    }
    #expect(error?.message.contains("t/strict") ?? false)
    #expect(error?.message.contains("t/w1[Deployment]") ?? false)
    #expect(error?.location?.line == 7)
    var ignoring = WaveRules()
    ignoring.respectsBudgets = false
    #expect(throws: Never.self) { try WavePlanner(rules: ignoring, weights: weights).optimised(fleet) }
  }

  @Test func halvesOfAPairNeverChangeTogether() throws {
    let fleet = paired(fleet(4, calls: []))
    let weights = ExposureWeights(
      before: 9, after: 0, entering: [id(0): 5, id(1): 5], locking: [id(0): 1, id(1): 1])
    let plan = try WavePlanner(rules: WaveRules(), weights: weights).optimised(fleet)
    for wave in plan.waves { #expect(!Set(wave.workloads).isSuperset(of: [id(0), id(1)]), "\(wave.name)") }
  }

  @Test func aPinBeyondTheLastWaveIsRefused() {
    let fleet = fleet(2, calls: [])
    var rules = WaveRules()
    rules.pinned[id(0)] = .wave(9)
    let weights = ExposureWeights(before: 1, after: 0, entering: [:], locking: [:])
    let error = #expect(throws: BulkheadError.self) { try WavePlanner(rules: rules, weights: weights).optimised(fleet) }
    #expect(error?.message.contains("later wave than there is") ?? false)
  }

  @Test func wavesWaitForTheEndOfAFreeze() throws {
    let fleet = fleet(4, calls: [])
    let start = try #require(Instant("2026-12-23T20:00:00Z"))
    let begin = try #require(Instant("2026-12-24T00:00:00+01:00"))
    let freeze = WaveCalendar.Freeze(start: begin, end: Instant("2027-01-02T00:00:00Z"), reason: "holidays")
    var rules = WaveRules()
    rules.calendar = WaveCalendar(start: start, waveSeconds: 7_200, freezes: [freeze])
    let weights = ExposureWeights(before: 1, after: 0, entering: [:], locking: [:])
    let plan = try WavePlanner(rules: rules, weights: weights).optimised(fleet)
    let starts = plan.waves.compactMap { $0.window?.start.description }
    #expect(starts == ["2026-12-23T20:00:00Z", "2027-01-02T00:00:00Z", "2027-01-02T02:00:00Z"])
    rules.calendar?.freezes[0].end = nil
    let error = #expect(throws: BulkheadError.self) { try WavePlanner(rules: rules, weights: weights).optimised(fleet) }
    #expect(error?.message.contains("holidays") ?? false)
  }
}
