import Diagnostics
import Intake
import Planning
import Twin

/// How long a twin takes to come and to go: every workload in its final posture, every pod with a sidecar.
package struct TwinMeasurement: Sendable {
  private let options: RehearsalOptions
  private let clock = ContinuousClock()

  package init(_ options: RehearsalOptions) { self.options = options }

  /// Builds the twin, hands over the time it took, waits for `hold`, and ends the twin.
  ///
  /// Ready is counted from reading the input to the first users served through the mesh; gone from the order to end
  /// until no process, cgroup or mount of the world is left. Cancelling it ends the twin too.
  /// - Returns: how long it took until everything was gone.
  package func run(
    ready: @Sendable (Duration) -> Void, hold: @Sendable () async throws -> Void
  ) async throws -> Duration {
    let began = clock.now
    let tools = try Tools.find()
    let result = try Intake().read(options.sources, strict: options.strictInput)
    let fleet = result.fleet
    let plan = WavePlanner(capacity: options.capacity, fleet: fleet).plan(fleet)
    guard !plan.waves.isEmpty else {
      throw BulkheadError(
        .badInput, "the input holds no workload to build a twin of",
        cure: "name manifests with at least one Deployment or Pod")
    }
    let session = try TwinSession(fleet: fleet, options: options, tools: tools)
    do {
      try await session.twin.prepare(plan.postures(before: plan.waves.count))
      ready(clock.now - began)
      try await hold()
    } catch {
      await session.close()
      throw error
    }
    return await session.close()
  }
}
