import Diagnostics
package import FleetModel
import IntentModel

/// A rule that a plan breaks, and where.
package struct PlanBreach: Sendable, Equatable {
  package enum Rule: String, Sendable, CaseIterable {
    case stepsInOrder, shadowBeforeEnforced, permissiveBeforeStrict, capacity, windows, knownWorkload, excluded
    case identityBeforeStrict, outsideStaysPlain, disruption, protected, pinned, freeze

    package var title: String {
      switch self {
      case .stepsInOrder: "each step once, in its order"
      case .shadowBeforeEnforced: "shadow before enforced"
      case .permissiveBeforeStrict: "permissive before strict"
      case .capacity: "no more than the capacity in one wave"
      case .windows: "waves one after the other"
      case .knownWorkload: "only workloads of the fleet"
      case .excluded: "what is excluded stays as it is"
      case .identityBeforeStrict: "an identity for every caller before anything is enforced"
      case .outsideStaysPlain: "what serves the outside is never strict"
      case .disruption: "no more than a disruption budget allows"
      case .protected: "protected workloads one by one and not first"
      case .pinned: "pinned workloads in their wave"
      case .freeze: "nothing in a freeze"
      }
    }
  }
  package var rule: Rule
  package var message: String
  /// From 0.
  package var wave: Int?
  package var step: Int?

  package init(_ rule: Rule, _ message: String, wave: Int? = nil, step: Int? = nil) {
    self.rule = rule
    self.message = message
    self.wave = wave
    self.step = step
  }
}

/// Checks a plan against the rules by which plans are made, without trusting whoever wrote it.
package struct PlanCheck: Sendable {
  private let plan: Plan
  /// The wave of each workload's step, from 0; the first counts.
  private let waveOf: [StepAction: [ObjectReference: Int]]

  package init(_ plan: Plan) {
    self.plan = plan
    var waveOf: [StepAction: [ObjectReference: Int]] = [:]
    for (index, wave) in plan.waves.enumerated() {
      for step in wave.steps where waveOf[step.action]?[step.workload] == nil {
        waveOf[step.action, default: [:]][step.workload] = index
      }
    }
    self.waveOf = waveOf
  }

  /// Rules that need no fleet.
  package func breaches(limit: Int = .max) -> [PlanBreach] {
    var found: [PlanBreach] = []
    var place: [ObjectReference: Int] = [:]
    for (index, wave) in plan.waves.enumerated() {
      for (number, step) in wave.steps.enumerated() {
        guard found.count < limit else { return found }
        let rank = StepAction.allCases.firstIndex(of: step.action) ?? 0
        defer { place[step.workload] = max(place[step.workload] ?? -1, rank) }
        if let earlier = place[step.workload], earlier >= rank {
          found.append(
            PlanBreach(
              .stepsInOrder,
              "\(step.workload) does '\(step.action.rawValue)' after "
                + "'\(StepAction.allCases[earlier].rawValue)'", wave: index, step: number))
        }
        if let message = needs(step, index) {
          found.append(PlanBreach(message.0, message.1, wave: index, step: number))
        }
      }
      found += roomAndTime(wave, index)
    }
    return Array(found.prefix(limit))
  }

  private func needs(_ step: Step, _ index: Int) -> (PlanBreach.Rule, String)? {
    func isEarlier(_ action: StepAction) -> Bool { waveOf[action]?[step.workload].map { $0 < index } ?? false }
    switch step.action {
    case .harden, .enrol: return nil
    case .authoriseInShadow:
      guard waveOf[.enrol]?[step.workload].map({ $0 <= index }) ?? false else {
        return (.stepsInOrder, "\(step.workload) counts refusals without having entered")
      }
    case .authorise:
      guard isEarlier(.authoriseInShadow) else {
        return (.shadowBeforeEnforced, "\(step.workload) enforces rules that no earlier wave tried in shadow")
      }
    case .requireMutualTLS, .isolate:
      guard isEarlier(.enrol) else {
        return (
          .permissiveBeforeStrict, "\(step.workload) does '\(step.action.rawValue)', but enters in no earlier wave"
        )
      }
    }
    return nil
  }

  private func roomAndTime(_ wave: Wave, _ index: Int) -> [PlanBreach] {
    var found: [PlanBreach] = []
    if index > 0, let window = wave.window, let before = plan.waves[index - 1].window, window.start < before.end {
      found.append(PlanBreach(.windows, "\(wave.name) starts before the one before it ends", wave: index))
    }
    return found
  }

  /// Every rule, for the fleet that the plan is carried out on.
  package func breaches(fleet: Fleet, rules: WaveRules, limit: Int = .max) -> [PlanBreach] {
    var found = breaches(limit: limit)
    let derivation = IntentDerivation(fleet: fleet)
    for (index, wave) in plan.waves.enumerated() {
      for (number, step) in wave.steps.enumerated() {
        guard found.count < limit else { return found }
        found += breaches(of: step, index, fleet, rules, derivation).map {
          PlanBreach($0.0, $0.1, wave: index, step: number)
        }
      }
    }
    found += capacity(fleet, rules)
    found += limits(fleet, rules)
    found += wishes(rules)
    return Array(found.prefix(limit))
  }

  private func breaches(
    of step: Step, _ index: Int, _ fleet: Fleet, _ rules: WaveRules, _ derivation: IntentDerivation
  ) -> [(PlanBreach.Rule, String)] {
    guard let workload = fleet.workload(step.workload) else {
      return [(.knownWorkload, "\(step.workload) is not in the fleet")]
    }
    var found: [(PlanBreach.Rule, String)] = []
    if let reason = rules.excluded[step.workload] {
      found.append((.excluded, "\(step.workload) is excluded: \(reason)"))
    }
    if [.authorise, .requireMutualTLS, .isolate].contains(step.action),
      let webhook = derivation.webhook(answeredBy: workload)
    {
      found.append((.outsideStaysPlain, "\(step.workload) is called by \(webhook)"))
    }
    guard step.action == .authorise || step.action == .requireMutualTLS else { return found }
    if step.action == .requireMutualTLS, derivation.servesOutside(workload) {
      found.append((.outsideStaysPlain, "\(step.workload) is called from outside the fleet"))
    }
    for caller in Set(fleet.calls(to: step.workload).map(\.caller)).sorted() where caller != step.workload {
      guard waveOf[.enrol]?[caller].map({ $0 < index }) ?? false else {
        found.append(
          (
            .identityBeforeStrict,
            "\(caller) calls \(step.workload) and has no identity when '\(step.action.rawValue)' begins"
          ))
        break
      }
    }
    return found
  }

  /// A circle of calls that is larger than the capacity may fill a wave alone.
  private func capacity(_ fleet: Fleet, _ rules: WaveRules) -> [PlanBreach] {
    guard let most = rules.capacity ?? (plan.capacity > 0 ? plan.capacity : nil) else { return [] }
    let circles = CallLayers(fleet: fleet).groups.filter { $0.count > most }.map { Set($0) }
    var found: [PlanBreach] = []
    for (index, wave) in plan.waves.enumerated() {
      let entering = Set(wave.steps.filter { $0.action == .enrol }.map(\.workload))
      let locking = Set(wave.workloads).subtracting(entering)
      for group in [entering, locking] where group.count > most && !circles.contains(where: group.isSubset) {
        found.append(
          PlanBreach(.capacity, "\(wave.name) changes \(group.count) workloads, more than \(most)", wave: index))
      }
    }
    return found
  }

  private func limits(_ fleet: Fleet, _ rules: WaveRules) -> [PlanBreach] {
    guard rules.respectsBudgets else { return [] }
    let limits: [DisruptionLimits.Limit]
    do { limits = try DisruptionLimits(fleet, rules: rules).limits } catch {
      return [PlanBreach(.disruption, error.message)]
    }
    var found: [PlanBreach] = []
    for (index, wave) in plan.waves.enumerated() {
      let entering = Set(wave.steps.filter { $0.action == .enrol }.map(\.workload))
      let all = Set(wave.workloads)
      for limit in limits {
        let count = limit.members.count { (limit.coversLocking ? all : entering).contains($0) }
        guard count > limit.most else { continue }
        found.append(
          PlanBreach(
            .disruption, "\(wave.name) changes \(count) workloads of \(limit.name), which allows \(limit.most)",
            wave: index))
      }
    }
    return found
  }

  private func wishes(_ rules: WaveRules) -> [PlanBreach] {
    var found: [PlanBreach] = []
    let enters = waveOf[.enrol] ?? [:]
    let last = enters.values.max() ?? 0
    for (id, pin) in rules.pinned.sorted(by: { $0.key < $1.key }) {
      guard let wave = enters[id] else { continue }
      let wanted =
        switch pin {
        case .first: 0
        case .last: last
        case .wave(let number): number - 1
        }
      guard wave != wanted else { continue }
      found.append(PlanBreach(.pinned, "\(id) enters in wave \(wave + 1), not in wave \(wanted + 1)", wave: wave))
    }
    let others = enters.keys.contains { !rules.protected.contains($0) && rules.pinned[$0] == nil }
    for (index, wave) in plan.waves.enumerated() {
      let entering = Set(wave.steps.filter { $0.action == .enrol }.map(\.workload))
      for group in [entering, Set(wave.workloads).subtracting(entering)] {
        let shielded = group.filter(rules.protected.contains).sorted()
        if shielded.count > 1 || (index == 0 && others && shielded.contains { rules.pinned[$0] == nil }) {
          found.append(PlanBreach(.protected, "\(WaveModel.names(shielded)) in \(wave.name)", wave: index))
        }
      }
      guard let window = wave.window, let calendar = rules.calendar else { continue }
      for freeze in calendar.freezes where freeze.concerns(wave) && freeze.overlaps(window) {
        found.append(PlanBreach(.freeze, "\(wave.name) lies in the freeze '\(freeze.reason)'", wave: index))
      }
    }
    return found
  }
}
