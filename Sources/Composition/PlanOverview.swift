package import Diagnostics
package import FleetModel
package import Intake
import IntentModel
package import Planning
import Reports
import Rollout
package import Trials

/// A plan without a rehearsal: what would be done, in which order.
package struct PlanOverview: Sendable {
  package let fleet: Fleet
  package let findings: [Finding]
  package let maker: PlanMaker
  package var plan: Plan
  /// What a canary is held to: the options', tightened by the requirements' error budgets.
  let limits: CanaryLimits
  private let requirements: Requirements

  /// Reads everything that the options name. Without a plan among them, callers go first
  /// (docs/decisions/0012-one-way-to-a-plan.md).
  /// - Throws: `BulkheadError(.badInput)` for a plan that is for another fleet, was changed after it was signed, or
  ///   breaks a rule.
  package init(of options: RehearsalOptions) throws {
    let requirements = try options.requirementsFile.map { try RequirementsFile.read($0.bytes, name: $0.name) }
    let read = try Intake().read(options.sources, strict: options.strictInput)
    try self.init(
      options, requirements: requirements ?? Requirements(), read: Intake().adding(options.traffic, to: read))
    guard let source = options.planFile else {
      plan = maker.dependencyOrder()
      return
    }
    let file = try PlanFile.read(source.bytes, name: source.name)
    try file.signature?.verifyUnchanged(file.plan)
    try file.check(fleet, rules: maker.rules)
    plan = file.plan
  }

  package init(_ options: RehearsalOptions, requirements: Requirements, read result: IntakeResult) throws {
    findings = result.findings
    fleet = result.fleet
    self.requirements = requirements
    maker = try PlanMaker(result.fleet, requirements: requirements, capacity: options.capacity)
    plan = try maker.plan()
    var limits = options.limits
    // An error budget below what can be shown in a rollout's time would only make it wait.
    if let tolerance = requirements.tolerance { limits.tolerance = min(limits.tolerance, max(0.0005, tolerance)) }
    self.limits = limits
  }

  package func json() throws -> String {
    try PlanReport(plan, trials: trials, limits: limits).json()
  }

  /// By wave; protected workloads are not killed, no more than those that play users.
  package var trials: [[Trial]] {
    let players = Set(IntentDerivation(fleet: fleet).players.map(\.id)).union(maker.rules.protected)
    let planner = TrialPlanner(fleet: fleet)
    return plan.waves.map { wave in
      planner.trials(for: wave.workloads, postures: plan.postures(before: wave.index + 1), players: players)
    }
  }
}
