/// One side of a comparison.
package enum Arm: String, Codable, Sendable, CaseIterable { case baseline, canary }

/// A span of time (from, to] in seconds since 1970.
package struct MetricWindow: Codable, Sendable, Equatable {
  package var from: Double
  package var to: Double

  package init(from: Double, to: Double) {
    self.from = from
    self.to = to
  }
}

/// Whether what a source says may be relied on.
package enum DataQuality: Codable, Sendable, Equatable {
  case fresh
  /// Nothing was measured in the window, or what was is no number. Never means zero.
  case absent(String)
  /// The newest data are older than the source's patience. Seconds.
  case stale(Double)
  /// The counts are right as far as they go; part of the time or of the arm was not measured for so many seconds.
  case gap(Double)
  /// A counter went backwards: what was counted between is lost.
  case reset
  /// The source did not answer, or its answer cannot be believed.
  case broken(String)

  /// Whether counts come with it.
  package var hasCounts: Bool {
    switch self {
    case .fresh, .gap: true
    case .absent, .stale, .reset, .broken: false
    }
  }
}

/// Requests that did not end well, by class; each is in one class. Nil is "this source cannot tell", never zero.
package struct ErrorCounts: Codable, Sendable, Equatable {
  /// Status 4xx, or a gRPC status that blames the caller.
  package var client: Double?
  /// Status 5xx, or a gRPC status that blames the server.
  package var server: Double?
  /// No status came from the service: refused, reset, timed out, no healthy endpoint.
  package var unanswered: Double?
  /// Refused by policy.
  package var denied: Double?
  /// Put there by a fault filter on purpose.
  package var injected: Double?

  package init(
    client: Double? = nil, server: Double? = nil, unanswered: Double? = nil, denied: Double? = nil,
    injected: Double? = nil
  ) {
    self.client = client
    self.server = server
    self.unanswered = unanswered
    self.denied = denied
    self.injected = injected
  }

  /// Errors that count as failures; nil where the source cannot tell even the server's.
  package func failures(_ policy: FailurePolicy = FailurePolicy()) -> Double? {
    guard let server else { return nil }
    return server + (unanswered ?? 0) + (policy.client ? client ?? 0 : 0) + (policy.denied ? denied ?? 0 : 0)
      + (policy.injected ? injected ?? 0 : 0)
  }
}

/// Which classes of errors are failures of the service besides its own 5xx and silence.
package struct FailurePolicy: Codable, Sendable, Equatable {
  package var client: Bool
  package var denied: Bool
  package var injected: Bool

  package init(client: Bool = false, denied: Bool = false, injected: Bool = false) {
    self.client = client
    self.denied = denied
    self.injected = injected
  }
}

/// What a source says of one arm of one service over one window.
package struct ArmMetrics: Codable, Sendable, Equatable {
  /// `namespace/name`.
  package var service: String
  package var arm: Arm
  /// What the counts cover; sources of running counters may cover another span than was asked for.
  package var window: MetricWindow
  /// Whole numbers of requests that ended in the window; nil without data.
  package var requests: Double?
  package var errors: ErrorCounts?
  package var latency: LatencyCounts?
  package var quality: DataQuality
  /// What a reader should know besides, in words; the same from run to run on the same answer.
  package var notes: [String]

  package init(
    service: String, arm: Arm, window: MetricWindow, requests: Double? = nil, errors: ErrorCounts? = nil,
    latency: LatencyCounts? = nil, quality: DataQuality, notes: [String] = []
  ) {
    self.service = service
    self.arm = arm
    self.window = window
    // Counts of doubtful quality must not reach a test by a careless reader.
    self.requests = quality.hasCounts ? requests : nil
    self.errors = quality.hasCounts ? errors : nil
    self.latency = quality.hasCounts ? latency : nil
    self.quality = quality
    self.notes = notes
  }
}

/// Where a gate's numbers come from: a Prometheus, an Envoy, an access log, a stream of counts.
///
/// **Idempotence.** Asking changes nothing at the source. Prometheus answers the same window alike for as long as it
/// keeps the samples. Sources of running counters and of logs count since the question before and say so in the
/// answer's window; they are asked by one reader, with windows that follow each other.
///
/// **Failure.** Never thrown: a source that does not answer, answers late or lies gives `broken`, so that one of many
/// services does not hide the others. No answer holds an invented zero.
///
/// **Cancellation.** A cancelled question closes its connections and throws `CancellationError` at once.
package protocol MetricSource: Sendable {
  /// For messages. Holds no secrets.
  var name: String { get }

  /// Two answers for each service, baseline first, in the order of `services` (`namespace/name` each).
  func metrics(of services: [String], in window: MetricWindow) async throws(CancellationError) -> [ArmMetrics]
}

extension ArmMetrics {
  /// Both arms as the judge's guard wants them.
  ///
  /// - Throws: the reason why one of them cannot be judged. A `gap` is no such reason; it is the caller's to report.
  package static func reading(
    baseline: ArmMetrics, canary: ArmMetrics, failures: FailurePolicy = FailurePolicy()
  ) throws(DataProblem) -> Reading {
    Reading(
      from: min(baseline.window.from, canary.window.from), to: max(baseline.window.to, canary.window.to),
      baseline: try baseline.reading(failures), canary: try canary.reading(failures))
  }

  /// Why these counts do not tell the whole; nil where they do.
  package var problem: DataProblem? {
    switch quality {
    case .fresh: nil
    case .absent(let what): .noData("\(service), \(arm.rawValue): \(what)")
    case .stale(let seconds): .stale(seconds)
    case .gap(let seconds): .gap(seconds)
    case .reset: .counterReset("\(service), \(arm.rawValue)")
    case .broken(let why): .brokenSource("\(service), \(arm.rawValue): \(why)")
    }
  }

  private func reading(_ policy: FailurePolicy) throws(DataProblem) -> ArmReading {
    if !quality.hasCounts, let problem { throw problem }
    return ArmReading(requests: requests, errors: errors?.failures(policy))
  }
}
