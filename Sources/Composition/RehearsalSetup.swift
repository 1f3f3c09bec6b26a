import Breach
import Diagnostics
import FleetModel
import Foundation
import IntentModel
import Planning
import Rollout
import Trials
import Twin

/// Everything that is derived from the input before anything is started.
struct RehearsalSetup: Sendable {
  let input: RehearsalInput
  let options: RehearsalOptions
  let plan: Plan
  let trials: [[Trial]]
  private let derivation: IntentDerivation

  init(input: RehearsalInput, options: RehearsalOptions) {
    self.input = input
    self.options = options
    derivation = IntentDerivation(fleet: input.fleet)
    let plan = WavePlanner(capacity: options.capacity, fleet: input.fleet).plan(input.fleet).planted(input.wrongs)
    self.plan = plan
    let players = Set(derivation.players.map(\.id))
    let planner = TrialPlanner(fleet: input.fleet)
    trials = plan.waves.map { wave in
      planner.trials(for: wave.workloads, postures: plan.postures(before: wave.index + 1), players: players)
    }
  }

  var header: RunHeader {
    RunHeader(
      fleetDigest: plan.fleetDigest, mesh: plan.mesh, waves: plan.waves.count, options: options.journalled,
      planted: input.wrongs.map(\.text))
  }

  func execute(
    tools: Tools, journal: any Journal, resume: RunResume, observer: any RolloutObserver
  ) async throws {
    let session = try TwinSession(
      fleet: input.fleet, derivation: derivation, wrongs: input.wrongs, options: options, tools: tools)
    let twin = session.twin
    let fleet = input.fleet
    let derivation = derivation
    let wrongs = input.wrongs
    let executor = RolloutExecutor(
      RolloutExecutor.Parts(
        plan: plan, trials: trials, vectors: VectorCatalogue.probed, target: twin, traffic: twin, faults: twin,
        range: twin, escapes: twin, observer: observer, limits: options.limits,
        intent: { id, posture in
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
