/// One end of a call, in the names that a source of traffic has for it; what the source does not tell is nil.
package struct TrafficEnd: Sendable, Hashable, Codable {
  package var namespace: String?
  package var workload: String?
  /// The workload's.
  package var kind: String?
  package var pod: String?
  /// A service account, which several workloads may share.
  package var account: String?
  package var service: String?
  /// A DNS name or an address, as the caller wrote it.
  package var host: String?
  /// The source says that it is no pod.
  package var isOutside = false

  package init(
    namespace: String? = nil, workload: String? = nil, pod: String? = nil, service: String? = nil, host: String? = nil
  ) {
    (self.namespace, self.workload, self.pod) = (namespace, workload, pod)
    (self.service, self.host) = (service, host)
  }
}

package enum TrafficPort: Sendable, Hashable, Codable {
  /// Of the service that was called.
  case service(Int)
  /// Of the pods that answered.
  case container(Int)
  case unknown
}

/// A call that was seen in traffic, before it is known what of a fleet it is about.
package struct TrafficSighting: Sendable, Equatable, Codable {
  package var caller: TrafficEnd
  package var callee: TrafficEnd
  package var port: TrafficPort
  package var transport: Transport
  /// What was spoken, where the source tells.
  package var wireProtocol: WireProtocol?
  /// How often; nil where the source does not tell.
  package var times: Int?
  /// When for the last time, in seconds since 1970; nil where the source does not tell.
  package var lastSeen: Int?
  /// Such as `istio metrics of http://127.0.0.1:9090`.
  package var source: String

  package init(
    caller: TrafficEnd, callee: TrafficEnd, port: TrafficPort, transport: Transport = .tcp,
    wireProtocol: WireProtocol? = nil, times: Int? = nil, lastSeen: Int? = nil, source: String
  ) {
    (self.caller, self.callee, self.port) = (caller, callee, port)
    (self.transport, self.wireProtocol) = (transport, wireProtocol)
    (self.times, self.lastSeen, self.source) = (times, lastSeen, source)
  }

  /// For sorting.
  package var order: (String, String, String, String) { ("\(caller)", "\(callee)", "\(port)", "\(transport)") }
}

extension TrafficEnd: CustomStringConvertible {
  /// For messages.
  package var description: String {
    let name = workload ?? pod ?? service ?? host ?? account.map { "account \($0)" } ?? "?"
    return namespace.map { "\($0)/\(name)" } ?? name
  }
}

/// What one source told.
package struct TrafficReport: Sendable, Equatable, Codable {
  package var source: String
  package var sightings: [TrafficSighting] = []
  /// Why that is not all there was, for people.
  package var gaps: [String] = []

  package init(source: String) { self.source = source }
}
