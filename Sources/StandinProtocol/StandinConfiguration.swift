/// What a stand-in is told at its start (a JSON file named on its command line).
package struct StandinConfiguration: Codable, Sendable, Equatable {
  /// The pod's unique id and its workload as `namespace/name[Kind]`.
  package var pod: String
  package var workload: String
  /// The value of the caller header on outgoing requests: `namespace/name`.
  package var callerName: String
  package var listen: [Listener]
  /// Made once for every request served, side by side.
  package var calls: [OutgoingCall]
  /// Work of its own per request: lognormal around the median.
  package var latency: Latency
  /// Set when this stand-in plays users.
  package var users: Users?
  /// How old a connection may grow; nil: as old as it likes. Services spread connections, not requests, so that a new
  /// pod is seen only by those who connect anew.
  package var connectionSeconds: Double?

  package struct Listener: Codable, Sendable, Equatable {
    package var port: Int
    package var tcp: Bool

    package init(port: Int, tcp: Bool) {
      self.port = port
      self.tcp = tcp
    }
  }

  package struct OutgoingCall: Codable, Sendable, Equatable {
    /// The workload meant, `namespace/name[Kind]`: the key of the counters.
    package var target: String
    package var host: String
    package var port: Int
    package var tcp: Bool

    package init(target: String, host: String, port: Int, tcp: Bool) {
      self.target = target
      self.host = host
      self.port = port
      self.tcp = tcp
    }
  }

  package struct Latency: Codable, Sendable, Equatable {
    package var medianMilliseconds: Double
    package var sigma: Double

    package init(medianMilliseconds: Double, sigma: Double) {
      self.medianMilliseconds = medianMilliseconds
      self.sigma = sigma
    }
  }

  package struct Users: Codable, Sendable, Equatable {
    /// Open-loop requests per second of this stand-in; each request makes all `calls`.
    package var requestsPerSecond: Double
    /// How many different users there are; request i belongs to user i modulo this.
    package var count: Int

    package init(requestsPerSecond: Double, count: Int) {
      self.requestsPerSecond = requestsPerSecond
      self.count = count
    }
  }

  package init(
    pod: String, workload: String, callerName: String, listen: [Listener], calls: [OutgoingCall], latency: Latency,
    users: Users? = nil
  ) {
    self.pod = pod
    self.workload = workload
    self.callerName = callerName
    self.listen = listen
    self.calls = calls
    self.latency = latency
    self.users = users
  }
}
