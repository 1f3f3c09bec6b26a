package import Diagnostics

/// An edge caller → service port, with the evidence for it.
package struct Call: Sendable, Equatable, Hashable {
  package enum Evidence: Sendable, Equatable, Hashable {
    /// Static wiring: the text found, such as `CART_SERVICE_ADDR=cartservice:7070`.
    case wiring(text: String, location: SourceLocation)
    /// Traffic alone: no setting shows it.
    case observed(Observation)
  }

  /// That a call was seen in traffic.
  package struct Observation: Sendable, Equatable, Hashable {
    /// Sorted, each once.
    package var sources: [String]
    /// How often; nil where no source tells.
    package var times: Int?
    /// When for the last time, in seconds since 1970; nil where no source tells.
    package var lastSeen: Int?

    package init(sources: [String], times: Int? = nil, lastSeen: Int? = nil) {
      (self.sources, self.times, self.lastSeen) = (sources, times, lastSeen)
    }

    /// Of two sources that may tell of the same requests.
    package func merged(with other: Observation) -> Observation {
      Observation(
        sources: Set(sources + other.sources).sorted(), times: [times, other.times].compactMap(\.self).max(),
        lastSeen: [lastSeen, other.lastSeen].compactMap(\.self).max())
    }

    /// `seen 12 times in flows.json`.
    package var text: String {
      let often = times.map { $0 == 1 ? "seen once" : "seen \($0) times" } ?? "seen"
      return "\(often) in \(sources.joined(separator: ", "))"
    }
  }

  package var caller: ObjectReference
  /// The service meant, and the port on it. A call to nowhere has neither service nor target and is not played; one
  /// that was seen to go past all services has a target, and the port is the container's.
  package var service: ObjectReference?
  package var host: String
  package var port: Int
  /// The workload behind the service (the first in the fleet's order where several are selected).
  package var target: ObjectReference?
  /// The other workloads behind the service: any of them may answer.
  package var others: [ObjectReference]
  package var wireProtocol: WireProtocol
  package var evidence: Evidence
  /// That a call known from a setting was seen in traffic, too.
  package var confirmation: Observation?

  /// What traffic says about it.
  package var observation: Observation? {
    if case .observed(let observation) = evidence { return observation }
    return confirmation
  }

  package init(
    caller: ObjectReference, service: ObjectReference?, host: String, port: Int, target: ObjectReference?,
    others: [ObjectReference] = [], wireProtocol: WireProtocol, evidence: Evidence
  ) {
    self.caller = caller
    self.service = service
    self.host = host
    self.port = port
    self.target = target
    self.others = others
    self.wireProtocol = wireProtocol
    self.evidence = evidence
  }

  /// Every workload that may answer.
  package var targets: [ObjectReference] { target.map { [$0] + others } ?? [] }
}
