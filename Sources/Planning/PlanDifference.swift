package import FleetModel
package import IntentModel
import Judgement

/// What is different between two plans: in which wave each workload does each step, and what the plans are for.
package struct PlanDifference: Sendable, Equatable {
  package struct Move: Sendable, Equatable {
    package var workload: ObjectReference
    package var action: StepAction
    /// From 1; nil where the plan has no such step.
    package var before: Int?
    package var after: Int?

    package init(workload: ObjectReference, action: StepAction, before: Int?, after: Int?) {
      self.workload = workload
      self.action = action
      self.before = before
      self.after = after
    }
  }
  package struct Change: Sendable, Equatable {
    package var what: String
    package var before: String
    package var after: String

    package init(what: String, before: String, after: String) {
      self.what = what
      self.before = before
      self.after = after
    }
  }
  /// Sorted by workload, then by the order of steps.
  package private(set) var moves: [Move] = []
  package private(set) var changes: [Change] = []

  package var isEmpty: Bool { moves.isEmpty && changes.isEmpty }

  package init(from old: Plan, to new: Plan) {
    func places(_ plan: Plan) -> [ObjectReference: [StepAction: Int]] {
      var places: [ObjectReference: [StepAction: Int]] = [:]
      for (index, wave) in plan.waves.enumerated() {
        for step in wave.steps { places[step.workload, default: [:]][step.action] = index + 1 }
      }
      return places
    }
    let (before, after) = (places(old), places(new))
    for workload in Set(before.keys).union(after.keys).sorted() {
      for action in StepAction.allCases {
        let (left, right) = (before[workload]?[action], after[workload]?[action])
        if left != right { moves.append(Move(workload: workload, action: action, before: left, after: right)) }
      }
    }
    func compare(_ what: String, _ read: (Plan) -> String) {
      let (left, right) = (read(old), read(new))
      if left != right { changes.append(Change(what: what, before: left, after: right)) }
    }
    compare("mesh", \.mesh)
    compare("cluster") { $0.cluster ?? "any" }
    compare("fleet", \.fleetDigest)
    compare("waves") { "\($0.waves.count)" }
    compare("capacity") { "\($0.capacity)" }
    compare("gate") { "\($0.gate.decision.rawValue) at \($0.gate.seconds) s, held \($0.gate.holdSeconds) s" }
    compare("tolerance") { $0.tolerance.map { "\($0)" } ?? "the run's" }
    compare("protected") { $0.protected.map(\.description).joined(separator: ", ") }
    compare("calls seen in traffic alone") { plan in
      plan.observedCalls.map { "\($0.caller) to \($0.host):\($0.port)" }.joined(separator: ", ")
    }
    compare("exposure integral") { $0.exposure.map { "\($0.integral)" } ?? "unknown" }
    compare("windows") { plan in
      plan.waves.map { $0.window.map { "\($0.start) to \($0.end)" } ?? "any time" }.joined(separator: ", ")
    }
    compare("refusals") { plan in
      plan.refusals.map { "\($0.workload) \($0.action.rawValue): \($0.reason)" }.joined(separator: "; ")
    }
  }
}
