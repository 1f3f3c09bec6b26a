import Diagnostics
import FleetModel
import IntentModel
import Planning
import Testing

/// A fleet of workloads `0…` with one service each and the given calls.
func fleet(_ count: Int, calls: [(Int, Int)], outside: Set<Int> = []) -> Fleet {
  let here = SourceLocation(file: "test", line: 1)
  func id(_ index: Int) -> ObjectReference { ObjectReference(kind: "Deployment", namespace: "t", name: "w\(index)") }
  var fleet = Fleet()
  for index in 0..<count {
    var workload = Workload(id: id(index), location: here)
    workload.podLabels = ["app": "w\(index)"]
    workload.pod.serviceAccount = "w\(index)"
    fleet.workloads.append(workload)
    var service = Service(id: ObjectReference(kind: "Service", namespace: "t", name: "w\(index)"), location: here)
    service.selector = ["app": "w\(index)"]
    service.ports = [ServicePort(name: "http", port: 80, target: .number(8080))]
    if outside.contains(index) { service.type = "LoadBalancer" }
    fleet.services.append(service)
  }
  fleet.workloads.sort { $0.id < $1.id }
  fleet.services.sort { $0.id < $1.id }
  fleet.calls = calls.map { caller, target in
    Call(
      caller: id(caller), service: ObjectReference(kind: "Service", namespace: "t", name: "w\(target)"),
      host: "w\(target)", port: 80, target: id(target), wireProtocol: .http,
      evidence: .wiring(text: "test", location: here))
  }
  return fleet
}

@Suite struct WavePlannerTests {
  /// The rule that must never break: strict only once every caller already has an identity from an earlier wave.
  func expectSafe(_ plan: Plan, _ fleet: Fleet) {
    for wave in plan.waves {
      let before = plan.postures(before: wave.index)
      for step in wave.steps where step.action == .requireMutualTLS {
        for call in fleet.calls(to: step.workload) where call.caller != step.workload {
          #expect(before[call.caller]?.enrolled == true, "\(call.caller) has no identity when \(step.id) begins")
        }
      }
    }
  }

  @Test(arguments: 0..<300) func randomFleetsArePlannedSafely(seed: Int) {
    var generator = Lehmer(seed)
    let count = 1 + generator.next(12)
    let calls = (0..<generator.next(3 * count)).map { _ in (generator.next(count), generator.next(count)) }
    let fleet = fleet(count, calls: calls, outside: generator.next(2) == 0 ? [0] : [])
    let plan = WavePlanner(capacity: 1 + generator.next(4), fleet: fleet).plan(fleet)
    expectSafe(plan, fleet)
    let end = plan.postures(before: plan.waves.count)
    for workload in fleet.workloads {
      #expect(end[workload.id]?.enrolled == true)
      #expect(end[workload.id]?.isolated == true)
      #expect(end[workload.id]?.authorisation == .enforced)
    }
    for step in plan.waves.flatMap(\.steps) { #expect(step.action.applied(to: step.before) == step.after) }
    #expect(Set(plan.waves.flatMap(\.steps).map(\.id)).count == plan.waves.flatMap(\.steps).count)
    #expect(plan == WavePlanner(capacity: nil, fleet: fleet).plan(fleet) || plan.waves.count >= 2)
  }

  @Test func stepsOfOneWorkloadComeInTheirOrder() {
    let fleet = fleet(6, calls: [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)])
    let plan = WavePlanner(capacity: 2, fleet: fleet).plan(fleet)
    for workload in fleet.workloads {
      let actions = plan.waves.flatMap(\.steps).filter { $0.workload == workload.id }.map(\.action)
      let order = StepAction.allCases
      #expect(actions == order.filter(actions.contains))
    }
    #expect(plan.waves.count == 4)
  }

  @Test func strictIsRefusedWhereTheOutsideCalls() {
    let fleet = fleet(2, calls: [(0, 1)], outside: [0])
    let plan = WavePlanner(fleet: fleet).plan(fleet)
    #expect(plan.refusals.map(\.workload.name) == ["w0"])
    #expect(plan.postures(before: plan.waves.count)[fleet.workloads[0].id]?.mutualTLS == .permissive)
    #expect(plan.postures(before: plan.waves.count)[fleet.workloads[1].id]?.mutualTLS == .strict)
  }

  @Test func cyclesStayTogether() {
    let fleet = fleet(5, calls: [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4)])
    let groups = CallLayers(fleet: fleet).groups
    #expect(groups.map { $0.map(\.name) } == [["w0", "w1", "w2"], ["w3"], ["w4"]])
  }

  @Test func deepGraphsDoNotOverflowTheStack() {
    let count = 3000
    let fleet = fleet(count, calls: (0..<(count - 1)).map { ($0, $0 + 1) })
    // Only the layering: deriving intents is not what is tried here.
    #expect(CallLayers(fleet: fleet).groups.count == count)
  }

  @Test func anEmptyFleetHasNoWaves() { #expect(WavePlanner(fleet: Fleet()).plan(Fleet()).waves.isEmpty) }

  @Test func theDigestSeesMeaningNotPlace() {
    let original = fleet(3, calls: [(0, 1)])
    var moved = original
    moved.workloads[0].location = SourceLocation(file: "elsewhere", line: 99)
    var changed = original
    changed.workloads[0].pod.hostPID = true
    #expect(FleetDigest.of(original) == FleetDigest.of(moved))
    #expect(FleetDigest.of(original) != FleetDigest.of(changed))
  }

  @Test func aPlantedStrictWorkloadEntersTheFirstWave() throws {
    let fleet = fleet(4, calls: [(0, 1), (1, 2), (2, 3)])
    let target = fleet.workloads[3].id
    let plan = WavePlanner(capacity: 1, fleet: fleet).plan(fleet).planted([.strictTooEarly(workload: target)])
    #expect(plan.waves[0].posture(of: target)?.mutualTLS == .strict)
    #expect(plan.waves[0].workloads == [target], "its callers enter later, whatever the order")
    #expect(plan.waves.map { $0.name.prefix { $0 != ":" } } == plan.waves.indices.map { "wave-\($0 + 1)" })
    #expect(plan.waves.dropFirst().allSatisfy { !$0.workloads.contains(target) })
    #expect(plan.waves.enumerated().allSatisfy { $0.offset == $0.element.index })
  }
}

/// Several workloads behind one service: any of them may answer, and each needs what the first needs.
@Suite struct SharedServiceTests {
  /// w0 calls a service behind which w1 and w2 are; w2 alone could hurt.
  private func shared() -> Fleet {
    var fleet = fleet(3, calls: [(0, 1)])
    fleet.workloads[2].podLabels = fleet.workloads[1].podLabels
    fleet.calls[0].others = [fleet.workloads[2].id]
    return fleet
  }

  @Test func noneOfThemIsStrictBeforeItsCallersHaveAnIdentity() throws {
    let fleet = shared()
    let (caller, second) = (fleet.workloads[0].id, fleet.workloads[2].id)
    let weights = ExposureWeights(before: 9, after: 0, entering: [second: 4], locking: [second: 5])
    var rules = WaveRules()
    rules.capacity = 1
    let plan = try WavePlanner(rules: rules, weights: weights).optimised(fleet)
    func wave(_ id: ObjectReference, _ action: StepAction) -> Int? {
      plan.waves.firstIndex { $0.steps.contains { $0.workload == id && $0.action == action } }
    }
    let entered = try #require(wave(caller, .enrol))
    #expect(entered < (try #require(wave(second, .requireMutualTLS))))
    #expect(CallLayers(fleet: fleet).groups.first == [caller])
  }

  @Test func eachKnowsItsCallersAndIsKnownToThem() {
    let fleet = shared()
    let derivation = IntentDerivation(fleet: fleet)
    let (caller, second) = (fleet.workloads[0], fleet.workloads[2])
    #expect(!derivation.servesOutside(second), "it is called from inside")
    let inbound = derivation.intent(of: second, posture: .untouched).inbound
    #expect(inbound.contains { $0.callers == [caller.id] })
    let outbound = derivation.intent(of: caller, posture: .untouched).outbound
    #expect(outbound.map(\.target) == [fleet.workloads[1].id, second.id])
  }
}

/// A small repeatable generator (Lehmer, MINSTD).
struct Lehmer {
  private var state: UInt64
  init(_ seed: Int) { state = UInt64(seed) * 2_654_435_761 % 2_147_483_646 + 1 }
  mutating func next(_ bound: Int) -> Int {
    state = state * 48_271 % 2_147_483_647
    return Int(state % UInt64(max(1, bound)))
  }
}
