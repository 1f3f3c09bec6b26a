package import Diagnostics
import FleetModel
import Intake
import IntentModel
import Planning
import Reports
import Trials

/// A plan without a rehearsal: what would be done, in which order.
package struct PlanOverview: Sendable {
  private let setup: RehearsalSetup
  package let findings: [Finding]

  package init(_ options: RehearsalOptions) throws {
    let result = try Intake().read(options.sources, strict: options.strictInput)
    findings = result.findings
    setup = RehearsalSetup(
      input: RehearsalInput(fleet: result.fleet, findings: result.findings, wrongs: []), options: options)
  }

  package func json() throws -> String {
    try PlanReport(setup.plan, trials: setup.trials, limits: setup.options.limits).json()
  }

  /// One row a step: wave, workload, action, undo.
  package var rows: [[String]] {
    setup.plan.waves.flatMap { wave in
      wave.steps.map { [wave.name, $0.workload.description, $0.action.rawValue, $0.undo] }
    }
  }

  package var refusals: [String] {
    setup.plan.refusals.map { "\($0.workload): \($0.action.rawValue) refused, because \($0.reason)" }
  }

  package var trials: [[String]] {
    zip(setup.plan.waves, setup.trials).flatMap { wave, trials in trials.map { [wave.name, $0.hypothesis] } }
  }
}
