/// One line of JSON from the twin to a stand-in's standard input. Absent fields change nothing.
package struct StandinOrder: Codable, Sendable, Equatable {
  /// The share of users, in percent, whose requests carry the canary cohort (stable hash of the user's number).
  package var canaryShare: Int?
  /// Where to send canary requests that no sidecar can steer: `host:port` of the call → `address:port` of the
  /// canary's own service. Replaces the table as a whole.
  package var canaryAddresses: [String: String]?
  package var requestsPerSecond: Double?
  /// Takes the place of the spike under way, if there is one.
  package var spike: Spike?
  /// Takes the place of the memory held so far.
  package var ballast: Ballast?
  package var attempt: Attempt?

  package init(
    canaryShare: Int? = nil, canaryAddresses: [String: String]? = nil, requestsPerSecond: Double? = nil,
    spike: Spike? = nil, ballast: Ballast? = nil, attempt: Attempt? = nil
  ) {
    self.canaryShare = canaryShare
    self.canaryAddresses = canaryAddresses
    self.requestsPerSecond = requestsPerSecond
    self.spike = spike
    self.ballast = ballast
    self.attempt = attempt
  }
}

/// More users for a while: the rate is multiplied, and falls back by itself when the time is over, whoever is still
/// there to say so.
package struct Spike: Codable, Sendable, Equatable {
  /// 1 ends a spike.
  package var factor: Double
  package var seconds: Double

  package init(factor: Double, seconds: Double) {
    self.factor = factor
    self.seconds = seconds
  }
}

/// Memory that is taken bit by bit, touched so that it counts, and given back by itself when the time is over.
package struct Ballast: Codable, Sendable, Equatable {
  /// 0 gives everything back.
  package var mebibytes: Int
  package var seconds: Double

  package init(mebibytes: Int, seconds: Double) {
    self.mebibytes = mebibytes
    self.seconds = seconds
  }
}

/// A single HTTP request on a connection of its own, made to see whether something is refused.
package struct Attempt: Codable, Sendable, Equatable {
  package var id: Int
  package var host: String
  package var port: Int
  package var path: String
  package var timeoutMilliseconds: Int
  /// Speak the stand-ins' line protocol instead of HTTP.
  package var tcp: Bool

  package init(id: Int, host: String, port: Int, path: String = "/", timeoutMilliseconds: Int, tcp: Bool = false) {
    self.id = id
    self.host = host
    self.port = port
    self.path = path
    self.timeoutMilliseconds = timeoutMilliseconds
    self.tcp = tcp
  }
}

/// One line of JSON from a stand-in's standard output.
package struct StandinReport: Codable, Sendable, Equatable {
  /// All listeners are open (sent once).
  package var ready: Bool?
  /// With `ready`: the ports of the listeners, in the configuration's order (where 0 let the kernel choose).
  package var ports: [Int]?
  package var counters: Counters?
  package var outcome: AttemptOutcome?

  package init(
    ready: Bool? = nil, ports: [Int]? = nil, counters: Counters? = nil, outcome: AttemptOutcome? = nil
  ) {
    self.ready = ready
    self.ports = ports
    self.counters = counters
    self.outcome = outcome
  }
}

/// What happened since the report before.
package struct Counters: Codable, Sendable, Equatable {
  /// Calls made, by target workload and cohort of the request.
  package var calls: [CallCount]
  /// Requests served by this pod, by cohort.
  package var served: [ServedCount]
  /// Users' requests (of a stand-in that plays users), by cohort.
  package var users: [ServedCount]
  /// Users' requests that were due, whatever became of them; nil for none.
  package var sent: Int?

  package init(
    calls: [CallCount] = [], served: [ServedCount] = [], users: [ServedCount] = [], sent: Int? = nil
  ) {
    self.calls = calls
    self.served = served
    self.users = users
    self.sent = sent
  }

  package struct CallCount: Codable, Sendable, Equatable {
    package var target: String
    package var canary: Bool
    package var n: Int
    /// Failures that began at the target: no answer, or an answer that names no deeper origin.
    package var errors: Int
    /// Failures that began below the target.
    package var inherited: Int
    /// Latency histogram as pairs [bucket, count]; bucket b holds [1.1^b, 1.1^(b+1)) × 0.1 ms.
    package var latency: [[Int]]

    package init(target: String, canary: Bool, n: Int = 0, errors: Int = 0, inherited: Int = 0, latency: [[Int]] = []) {
      self.target = target
      self.canary = canary
      self.n = n
      self.errors = errors
      self.inherited = inherited
      self.latency = latency
    }
  }

  package struct ServedCount: Codable, Sendable, Equatable {
    package var canary: Bool
    package var n: Int
    package var errors: Int
    package var latency: [[Int]]

    package init(canary: Bool, n: Int = 0, errors: Int = 0, latency: [[Int]] = []) {
      self.canary = canary
      self.n = n
      self.errors = errors
      self.latency = latency
    }
  }
}

package struct AttemptOutcome: Codable, Sendable, Equatable {
  package enum Kind: String, Codable, Sendable {
    /// The target itself answered (HTTP 2xx, or the line protocol's reply).
    case reached
    /// Something answered with a refusal: HTTP 403, or 5xx made by a proxy.
    case denied
    /// The connection was accepted and then closed or reset without an answer.
    case closed
    /// Nothing listens: the connection itself was refused.
    case refused
    case timedOut
    /// The attempt could not be made (name not resolved, no route).
    case impossible
  }
  package var id: Int
  package var kind: Kind
  package var status: Int?
  /// First 200 bytes of the body or the error's text.
  package var detail: String

  package init(id: Int, kind: Kind, status: Int? = nil, detail: String = "") {
    self.id = id
    self.kind = kind
    self.status = status
    self.detail = detail
  }
}
