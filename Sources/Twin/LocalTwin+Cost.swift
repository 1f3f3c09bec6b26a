import FleetModel
import IntentModel
import Linux
package import StandinProtocol
package import Trials

/// What a twin has served and used so far. Counts and seconds only grow, so that a reader takes differences.
package struct CostSample: Sendable {
  package var users: Tally
  /// Users' latency, over all their requests.
  package var latency: LatencyHistogram
  /// Processor seconds of all sidecars.
  package var sidecarSeconds: Double
  /// Memory of each sidecar now, in bytes, in the order of the pods' names.
  package var sidecarBytes: [Int]
}

extension LocalTwin {
  /// A sidecar whose control group cannot be read is left out, and so is missing from `sidecarBytes`.
  package func costSample() throws -> CostSample {
    let world = try running().world
    let uses = pods.values.filter { $0.role == .workload && $0.intent.posture.enrolled }
      .sorted { $0.name < $1.name }
      .compactMap { world.use(of: $0.sidecarContainer) }
    return CostSample(
      users: board.snapshot.allUsers, latency: board.userLatency,
      sidecarSeconds: uses.reduce(0) { $0 + $1.processorSeconds }, sidecarBytes: uses.map(\.bytes))
  }
}
