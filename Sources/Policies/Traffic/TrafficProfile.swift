package import FleetModel

/// What is known of a service's traffic; nil means that stated defaults are used.
package struct TrafficProfile: Sendable, Equatable {
  package var p50Milliseconds: Double?
  package var p99Milliseconds: Double?
  package var requestsPerSecond: Double?
  /// From 0 to 1.
  package var errorRate: Double?

  package init(
    p50Milliseconds: Double? = nil, p99Milliseconds: Double? = nil, requestsPerSecond: Double? = nil,
    errorRate: Double? = nil
  ) {
    self.p50Milliseconds = p50Milliseconds
    self.p99Milliseconds = p99Milliseconds
    self.requestsPerSecond = requestsPerSecond
    self.errorRate = errorRate
  }
}

/// Traffic settings of one service, mesh-neutral, each with where it comes from.
package struct TrafficSettings: Sendable, Equatable {
  package enum Balancing: String, Sendable, Codable { case leastRequest, roundRobin }
  package var service: ObjectReference
  package var wireProtocol: WireProtocol
  package var balancing: Balancing
  /// Calls stay in the caller's zone while the zone has healthy pods; needs outlier detection.
  package var prefersOwnZone: Bool
  /// Of a whole request with its retries; nil for plain TCP.
  package var timeoutMilliseconds: Int?
  /// Attempts in all: 1 means no retry.
  package var attempts: Int
  package var perTryMilliseconds: Int?
  /// Retries at once, in percent of active requests.
  package var retryBudgetPercent: Int
  /// Errors in a row after which a pod gets no calls for a while; nil for a service with a single pod.
  package var ejectAfterErrors: Int?
  package var maxEjectionPercent: Int
  package var maxConnections: Int
  package var maxPendingRequests: Int?
  package var basis: [String]
}

/// What is recorded of a namespace's traffic.
package struct ObservabilitySettings: Sendable, Equatable {
  package var namespace: String
  /// An expression of Envoy's attributes that an access-log line must satisfy.
  package var accessLogFilter: String
  package var traceSamplingPercent: Double
  package var basis: [String]
}
