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
  private let ownLimits: CanaryLimits
  private let requirements: Requirements

  /// Reads everything that the options name.
  /// - Throws: `BulkheadError(.badInput)` for a plan that is for another fleet, was changed after it was signed, or
  ///   breaks a rule.
  package init(of options: RehearsalOptions) throws {
    let requirements = try options.requirementsFile.map { try RequirementsFile.read($0.bytes, name: $0.name) }
    let read = try Intake().read(options.sources, strict: options.strictInput)
    try self.init(
      options, requirements: requirements ?? Requirements(), read: Intake().adding(options.traffic, to: read))
    guard let source = options.planFile else { return }
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
    limits.tolerance = min(limits.tolerance, requirements.showableTolerance ?? limits.tolerance)
    ownLimits = limits
  }

  /// What a canary is held to: the options', tightened by the requirements' and the plan's error budgets, with the
  /// plan's deadline.
  var limits: CanaryLimits {
    var limits = ownLimits
    limits.deadline = plan.gate
    limits.tolerance = min(limits.tolerance, plan.tolerance ?? limits.tolerance)
    return limits
  }

  package func json() throws -> String {
    try PlanReport(plan, trials: trials, limits: limits).json()
  }

  /// By wave; protected workloads are not killed, no more than those that play users.
  package var trials: [[Trial]] {
    let players = Set(IntentDerivation(fleet: fleet).players.map(\.id))
      .union(maker.rules.protected).union(plan.protected)
    return TrialPlanner(fleet: fleet).trials(
      ofWaves: plan.waves.map { ($0.workloads, plan.postures(before: $0.index + 1)) }, players: players)
  }
}
