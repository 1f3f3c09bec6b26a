import Diagnostics
import FleetModel
import Intake
import IntentModel
import Planning
import StandinProtocol
import Trials
import Twin

/// Measures what sidecars cost a fleet: builds its twin without any and with one in every pod, in turn, and compares
/// what the same users see.
package struct SidecarCostMeasurement: Sendable {
  private let options: RehearsalOptions
  private let rounds: Int
  private let time: Duration
  private let clock = ContinuousClock()
  /// After the first answers: connections are made and caches filled.
  private static let warmUp: Duration = .seconds(2)

  /// - Parameters:
  ///   - rounds: how often both sides are measured; the results are medians over the rounds.
  ///   - time: how long each side is measured in a round.
  package init(_ options: RehearsalOptions, rounds: Int, time: Duration) {
    self.options = options
    self.rounds = rounds
    self.time = time
  }

  /// - Parameter progress: told in words what is done next.
  /// - Throws: `BulkheadError`; nothing is left behind, however it ends.
  package func run(progress: @Sendable (String) -> Void) async throws -> SidecarCost {
    let tools = try Tools.find()
    let fleet = try Intake().read(options.sources, strict: options.strictInput).fleet
    let plan = WavePlanner(capacity: options.capacity, fleet: fleet).plan(fleet)
    guard !plan.waves.isEmpty else {
      throw BulkheadError(
        .badInput, "the input holds no workload to measure", cure: "name manifests with at least one Deployment or Pod")
    }
    let postures = plan.postures(before: plan.waves.count)
    var result = SidecarCost(requestsPerSecond: options.requestsPerSecond, rounds: [])
    for round in 1...max(rounds, 1) {
      progress("round \(round) of \(rounds): without sidecars")
      let (without, _) = try await measure(fleet, [:], tools)
      progress("round \(round) of \(rounds): with a sidecar in every pod")
      let (with, use) = try await measure(fleet, postures, tools)
      result.rounds.append(
        SidecarCost.Round(
          without: without, with: with, sidecarSeconds: use.processorSeconds, seconds: time / .seconds(1),
          sidecarBytes: use.bytes, sidecars: use.sidecars))
    }
    return result
  }

  private struct Use {
    var processorSeconds: Double
    var bytes: Int
    var sidecars: Int
  }

  private func measure(
    _ fleet: Fleet, _ postures: [ObjectReference: Posture], _ tools: Tools
  ) async throws -> (SidecarCost.Side, Use) {
    let session = try TwinSession(fleet: fleet, options: options, tools: tools)
    let twin = session.twin
    do {
      try await twin.prepare(postures)
      try await Task.sleep(for: Self.warmUp)
      let before = try await twin.costSample()
      try await Task.sleep(for: time)
      let after = try await twin.costSample()
      await session.close()
      return (side(before, after), use(before, after))
    } catch {
      await session.close()
      throw error
    }
  }

  private func side(_ before: CostSample, _ after: CostSample) -> SidecarCost.Side {
    let users = after.users - before.users
    let latency = after.latency.since(before.latency)
    return SidecarCost.Side(
      requests: users.n, errors: users.errors, p50: latency.quantile(0.5) ?? 0, p99: latency.quantile(0.99) ?? 0)
  }

  private func use(_ before: CostSample, _ after: CostSample) -> Use {
    Use(
      processorSeconds: after.sidecarSeconds - before.sidecarSeconds,
      bytes: Int(median(after.sidecarBytes.map(Double.init))), sidecars: after.sidecarBytes.count)
  }
}
