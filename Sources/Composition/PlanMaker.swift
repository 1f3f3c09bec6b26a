import Breach
package import FleetModel
import IntentModel
package import Planning

/// Plans a fleet with exposure from its breach graph: the wiring between `Breach` and `Planning`.
package struct PlanMaker: Sendable {
  package let fleet: Fleet
  package let requirements: Requirements
  package let rules: WaveRules
  private let exposure: WorkloadExposure
  private let weights: ExposureWeights

  /// - Parameter capacity: beats the requirements'.
  /// - Throws: `BulkheadError` for requirements that name what is not in the fleet.
  package init(_ fleet: Fleet, requirements: Requirements = Requirements(), capacity: Int? = nil) throws {
    self.fleet = fleet
    self.requirements = requirements
    var rules = try requirements.rules(for: fleet)
    rules.capacity = capacity ?? rules.capacity
    self.rules = rules
    var options = BreachGraphBuilder.Options()
    options.jewels = requirements.crownJewels.map(\.text)
    exposure = try WorkloadExposure(fleet, options: options)
    weights = Self.weights(exposure, fleet, rules)
  }

  /// The plan with the least integrated exposure that was found.
  package func plan() throws -> Plan {
    curved(try WavePlanner(rules: rules, weights: weights, mesh: requirements.mesh).optimised(fleet))
  }

  /// Callers first, for comparison: what a plan without exposure would do.
  package func dependencyOrder() -> Plan {
    var plan = WavePlanner(rules: rules, weights: nil, mesh: requirements.mesh).plan(fleet)
    plan.exposure = PlanExposure(
      before: weights.before, after: weights.after, integral: integral(plan), lowerBound: 0)
    return curved(plan)
  }

  /// Σ weight × wave of any plan.
  private func integral(_ plan: Plan) -> Double {
    var sum = 0.0
    for (index, wave) in plan.waves.enumerated() {
      for id in wave.workloads {
        let enters = wave.steps.contains { $0.workload == id && $0.action == .enrol }
        let locks = wave.steps.contains { $0.workload == id && $0.before.enrolled && $0.action != .authoriseInShadow }
        sum += ((enters ? weights.entering[id] ?? 0 : 0) + (locks ? weights.locking[id] ?? 0 : 0)) * Double(index + 1)
      }
    }
    return sum
  }

  /// Adds the exposure after each wave, evaluated whole and not from weights. A large fleet's is left out: it takes an
  /// evaluation a wave.
  private func curved(_ plan: Plan) -> Plan {
    var plan = plan
    plan.gate = requirements.gate
    plan.tolerance = requirements.showableTolerance
    plan.protected = rules.protected.sorted()
    plan.observedCalls = Self.observed(fleet)
    let edges = max(1, exposure.graph.edgeCount)
    guard (plan.waves.count + 1) * edges <= 50_000_000 else { return plan }
    var postures: [ObjectReference: Posture] = [:]
    let stages = plan.waves.map { wave in
      for step in wave.steps { postures[step.workload] = step.after }
      return postures
    }
    plan.exposure?.curve = plan.waves.isEmpty ? [] : exposure.curve(stages)
    return plan
  }

  /// Without how often and when: a plan changes with what is called, and not with every request.
  private static func observed(_ fleet: Fleet) -> [Call] {
    fleet.calls.compactMap { call in
      guard case .observed(let observation) = call.evidence else { return nil }
      var call = call
      call.evidence = .observed(Call.Observation(sources: observation.sources))
      return call
    }.sorted { ($0.caller, $0.host, $0.port) < ($1.caller, $1.host, $1.port) }
  }

  /// What entering takes away (hardening; an identity alone takes nothing away), and what being locked does.
  private static func weights(_ exposure: WorkloadExposure, _ fleet: Fleet, _ rules: WaveRules) -> ExposureWeights {
    func posture(_ actions: [StepAction]) -> Posture {
      actions.filter(rules.wants).reduce(Posture.untouched) { $1.applied(to: $0) }
    }
    let entered = posture([.harden, .enrol, .authoriseInShadow])
    let locked = posture([.harden, .enrol, .authoriseInShadow, .authorise, .requireMutualTLS, .isolate])
    var entering = exposure.weights(from: .untouched, to: entered)
    var locking = exposure.weights(from: entered, to: locked)
    var everything: [ObjectReference: Posture] = [:]
    for workload in fleet.workloads where rules.excluded[workload.id] == nil { everything[workload.id] = locked }
    for id in rules.excluded.keys {
      entering[id] = nil
      locking[id] = nil
    }
    return ExposureWeights(
      before: exposure.total(), after: exposure.total(everything), entering: entering, locking: locking)
  }
}
