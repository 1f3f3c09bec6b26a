package import Diagnostics
package import FleetModel
package import IntentModel

/// Makes a plan: in which wave each workload enters the mesh (harden, enrol, authorise in shadow) and in which it is
/// locked (authorise, require mutual TLS, isolate).
///
/// With weights of exposure the waves come from `WaveSolver`, so that exposure falls as fast as the rules allow;
/// without, workloads go callers first in groups of at most `capacity`, each locked one wave after it entered.
package struct WavePlanner: Sendable {
  package var rules: WaveRules
  package var weights: ExposureWeights?
  package var mesh: Mesh

  /// - Parameter capacity: the most workloads enrolled in one wave; nil lets small fleets finish in about four waves.
  package init(capacity: Int? = nil, fleet: Fleet) {
    rules = WaveRules()
    rules.capacity = max(1, capacity ?? max(2, (fleet.workloads.count + 2) / 3))
    mesh = .envoy
  }

  package init(rules: WaveRules, weights: ExposureWeights?, mesh: Mesh = .envoy) {
    self.rules = rules
    self.weights = weights
    self.mesh = mesh
  }

  /// Callers first, whatever the weights; budgets, pins and windows do not count.
  package func plan(_ fleet: Fleet) -> Plan {
    let groups = cut(CallLayers(fleet: fleet).groups)
    let waves = (0..<(groups.isEmpty ? 0 : groups.count + 1)).map { index in
      (entering: index < groups.count ? groups[index] : [], locking: index > 0 ? groups[index - 1] : [])
    }
    return assemble(fleet, waves, notes: [])
  }

  /// The plan with the least exposure over its waves that was found, with its certificate.
  ///
  /// - Throws: `BulkheadError(.badInput)` naming the smallest set of rules that cannot hold together.
  package func optimised(_ fleet: Fleet) throws(BulkheadError) -> Plan {
    guard let weights else { return plan(fleet) }
    let model = try WaveModel(fleet, rules: rules, weights: weights)
    let solution = try WaveSolver().solve(model.problem)
    if let empty = solution.waves.firstIndex(where: \.isEmpty) {
      throw BulkheadError(
        .badInput, "nothing could change in wave \(empty + 1): a workload is pinned to a later wave than there is",
        cure: "pin it to one of the waves that `bulkhead plan` shows without the pin")
    }
    let waves = solution.waves.map { jobs -> (entering: [ObjectReference], locking: [ObjectReference]) in
      let count = model.units.count
      return (
        jobs.filter { $0 < count }.flatMap { model.units[$0] },
        jobs.filter { $0 >= count }.flatMap { model.units[$0 - count] }
      )
    }
    var plan = assemble(fleet, waves, notes: model.notes)
    plan.capacity = model.capacity
    plan.exposure = PlanExposure(
      before: weights.before, after: weights.after, integral: solution.objective, lowerBound: solution.lowerBound)
    if let calendar = rules.calendar { plan.waves = try calendar.scheduled(plan.waves) }
    return plan
  }

  private func assemble(
    _ fleet: Fleet, _ groups: [(entering: [ObjectReference], locking: [ObjectReference])], notes: [String]
  ) -> Plan {
    let derivation = IntentDerivation(fleet: fleet)
    var refusals: [Refusal] = []
    var waves: [Wave] = []
    var postures: [ObjectReference: Posture] = [:]
    for (index, group) in groups.enumerated() {
      var steps: [Step] = []
      for id in group.entering {
        steps += self.steps([.harden, .enrol, .authoriseInShadow], id, &postures, wave: index)
      }
      for id in group.locking {
        let refused = LockRefusals(fleet, derivation, rules).of(id)
        refusals += refused
        let actions: [StepAction] = [.authorise, .requireMutualTLS, .isolate]
        steps += self.steps(
          actions.filter { action in !refused.contains { $0.action == action } }, id, &postures, wave: index)
      }
      // A lock of which nothing is left asks for no wave.
      let workloads = Set(steps.map(\.workload)).sorted()
      guard !workloads.isEmpty else { continue }
      let number = waves.count
      for place in steps.indices { steps[place].wave = number }
      let locked = group.locking.count { id in steps.contains { $0.workload == id } }
      waves.append(
        Wave(index: number, name: name(number, group.entering.count, locked), workloads: workloads, steps: steps))
    }
    refusals += rules.excluded.keys.sorted().filter { fleet.workload($0) != nil }.map {
      Refusal(workload: $0, action: .enrol, reason: "it is excluded: \(rules.excluded[$0] ?? "")")
    }
    var plan = Plan(
      mesh: mesh.rawValue, fleetDigest: FleetDigest.of(fleet), waves: waves, refusals: refusals.sorted(by: order))
    plan.capacity = rules.capacity ?? 0
    plan.notes = notes
    plan.objects = FleetDigest.objects(of: fleet)
    return plan
  }

  private func order(_ left: Refusal, _ right: Refusal) -> Bool {
    (left.workload, left.action.rawValue) < (right.workload, right.action.rawValue)
  }

  private func name(_ index: Int, _ entering: Int, _ locking: Int) -> String {
    switch (entering, locking) {
    case (1..., 0): "wave-\(index + 1): enrol \(entering)"
    case (1..., 1...): "wave-\(index + 1): enrol \(entering), lock \(locking)"
    default: "wave-\(index + 1): lock \(locking)"
    }
  }

  private func steps(
    _ actions: [StepAction], _ id: ObjectReference, _ postures: inout [ObjectReference: Posture], wave: Int
  ) -> [Step] {
    var posture = postures[id] ?? .untouched
    let steps = actions.filter(rules.wants).map { action in
      let next = action.applied(to: posture)
      defer { posture = next }
      return Step(workload: id, action: action, before: posture, after: next, wave: wave)
    }
    postures[id] = posture
    return steps
  }

  private func cut(_ layers: [[ObjectReference]]) -> [[ObjectReference]] {
    let capacity = max(1, rules.capacity ?? max(2, (layers.reduce(0) { $0 + $1.count } + 2) / 3))
    var groups: [[ObjectReference]] = []
    for layer in layers {
      let members = layer.filter { rules.excluded[$0] == nil }
      guard !members.isEmpty else { continue }
      if let last = groups.last, last.count + members.count <= capacity {
        groups[groups.count - 1] += members
      } else {
        groups.append(members)
      }
    }
    return groups
  }
}

/// What must not be enforced, because a legitimate client can have no identity.
struct LockRefusals {
  private let fleet: Fleet
  private let derivation: IntentDerivation
  private let rules: WaveRules

  init(_ fleet: Fleet, _ derivation: IntentDerivation, _ rules: WaveRules) {
    self.fleet = fleet
    self.derivation = derivation
    self.rules = rules
  }

  func of(_ id: ObjectReference) -> [Refusal] {
    var refusals = fleet.workload(id).map(ofOutside) ?? []
    let callers = Set(fleet.calls(to: id).map(\.caller)).filter { $0 != id && rules.excluded[$0] != nil }.sorted()
    guard !callers.isEmpty else { return refusals }
    let reason = "\(WaveModel.names(callers)) calls it, is excluded and has no identity"
    for action in [StepAction.authorise, .requireMutualTLS] where rules.wants(action) {
      guard !refusals.contains(where: { $0.action == action }) else { continue }
      refusals.append(Refusal(workload: id, action: action, reason: reason))
    }
    return refusals
  }

  private func ofOutside(_ workload: Workload) -> [Refusal] {
    if let webhook = derivation.webhook(answeredBy: workload) {
      // Nothing that an API server could be told apart by: neither an identity nor, on every cluster, an address.
      return [StepAction.authorise, .requireMutualTLS, .isolate].filter(rules.wants).map {
        Refusal(workload: workload.id, action: $0, reason: "\(webhook) calls it and can have no identity")
      }
    }
    guard rules.wants(.requireMutualTLS), derivation.servesOutside(workload) else { return [] }
    return [
      Refusal(
        workload: workload.id, action: .requireMutualTLS,
        reason: "callers outside the fleet reach it in plaintext and can have no identity; put a gateway in front of it"
      )
    ]
  }
}
