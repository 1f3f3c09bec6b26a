import Breach
import Diagnostics
import FleetModel
import Foundation
import Intake
import IntentModel
import Planning
import Rollout
import Trials
import Twin

/// Everything that is derived from the input before anything is started.
struct RehearsalSetup: Sendable {
  let fleet: Fleet
  let findings: [Finding]
  let plan: Plan
  let trials: [[Trial]]
  private let options: RehearsalOptions
  private let wrongs: [PlantedWrong]
  private let limits: CanaryLimits

  /// - Throws: `BulkheadError` for input that cannot be read or planned.
  init(_ options: RehearsalOptions) throws {
    var overview = try PlanOverview(of: options)
    wrongs = try options.plantFile.map { [fleet = overview.fleet] in try PlantFile.read($0, fleet: fleet) } ?? []
    overview.plan = overview.plan.planted(wrongs)
    self.options = options
    fleet = overview.fleet
    findings = overview.findings
    plan = overview.plan
    trials = overview.trials
    limits = overview.limits
  }

  var header: RunHeader {
    RunHeader(
      fleetDigest: plan.fleetDigest, mesh: plan.mesh, waves: plan.waves.count, options: options.journalled,
      planted: wrongs.map(\.text))
  }

  func execute(
    tools: Tools, journal: any Journal, resume: RunResume, watchers: RolloutWatchers
  ) async throws {
    let derivation = IntentDerivation(fleet: fleet)
    let session = try TwinSession(
      fleet: fleet, derivation: derivation, wrongs: wrongs, options: options, tools: tools)
    let twin = session.twin
    let executor = RolloutExecutor(
      RolloutExecutor.Parts(
        plan: plan, trials: trials, vectors: VectorCatalogue.probed, target: twin, traffic: twin, faults: twin,
        range: twin, escapes: twin, observer: watchers.observer, arbiter: watchers.arbiter, limits: limits,
        intent: { [fleet, wrongs] id, posture in
          fleet.workload(id).map { derivation.intent(of: $0, posture: posture).planted(wrongs) }
        }),
      journal: journal, resume: resume)
    do {
      _ = try await executor.run()
    } catch {
      await session.close()
      throw error
    }
    await session.close()
  }
}
