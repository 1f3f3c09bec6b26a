/// What the sidecars of one fleet cost on its twin: the same users with no sidecar anywhere and with one in every pod.
package struct SidecarCost: Sendable, Codable {
  package struct Side: Sendable, Codable {
    package var requests: Int
    package var errors: Int
    /// Users' latency in milliseconds, through all the calls a request causes.
    package var p50: Double
    package var p99: Double
  }

  /// One round: without, then with, so that both see the same machine.
  package struct Round: Sendable, Codable {
    package var without: Side
    package var with: Side
    /// Processor seconds of all sidecars while they were measured.
    package var sidecarSeconds: Double
    /// Seconds of measuring on each side.
    package var seconds: Double
    /// Median memory of a sidecar, in bytes, and how many were counted.
    package var sidecarBytes: Int
    package var sidecars: Int
  }

  package var requestsPerSecond: Double
  package var rounds: [Round]

  /// Milliseconds that the sidecars add to a user's request, at the median and at the 99th percentile.
  package var addedP50: Double { median(rounds.map { $0.with.p50 - $0.without.p50 }) }
  package var addedP99: Double { median(rounds.map { $0.with.p99 - $0.without.p99 }) }
  /// Processor milliseconds of all sidecars together for one user's request.
  package var processorMillisecondsPerRequest: Double {
    median(rounds.map { $0.sidecarSeconds * 1000 / Double(max($0.with.requests, 1)) })
  }
  /// Cores that all sidecars together keep busy under this traffic.
  package var cores: Double { median(rounds.map { $0.sidecarSeconds / max($0.seconds, 1e-9) }) }
  /// Bytes of one sidecar.
  package var bytesPerSidecar: Double { median(rounds.map { Double($0.sidecarBytes) }) }
}

/// The middle value, or the mean of the two in the middle; 0 for none.
func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return 0 }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
