package import Diagnostics
package import FleetModel

/// Why a flow is believed to be needed, and how old that is.
package struct FlowEvidence: Sendable, Hashable, Comparable, Codable {
  package enum Origin: String, Sendable, Codable { case wiring, observed, declared }
  package var origin: Origin
  package var text: String
  package var location: SourceLocation?
  /// Days since it was last seen; nil for what the input itself says: it is as old as the input.
  package var ageDays: Int?

  package init(_ origin: Origin, _ text: String, _ location: SourceLocation? = nil, ageDays: Int? = nil) {
    self.origin = origin
    self.text = text
    self.location = location
    self.ageDays = ageDays
  }

  private var key: (String, String, SourceLocation, Int) {
    (origin.rawValue, text, location ?? SourceLocation(file: "", line: 0), ageDays ?? -1)
  }
  package static func < (left: FlowEvidence, right: FlowEvidence) -> Bool { left.key < right.key }
}

/// A needed flow: from the pods of a workload to one port of another's.
package struct PolicyFlow: Sendable, Equatable {
  package var caller: ObjectReference
  package var target: ObjectReference
  /// The container's port.
  package var port: Int
  package var transport: Transport
  package var wireProtocol: WireProtocol
  /// The services through which it is called, sorted; none for a call to the pods themselves.
  package var services: [ServicePortReference]
  package var evidence: [FlowEvidence]

  var key: FlowKey { FlowKey(caller: caller, target: target, port: port, transport: transport) }
}

package struct ServicePortReference: Sendable, Hashable, Comparable, Codable {
  package var service: ObjectReference
  package var port: Int

  package static func < (left: ServicePortReference, right: ServicePortReference) -> Bool {
    (left.service, left.port) < (right.service, right.port)
  }
}

struct FlowKey: Hashable, Comparable {
  var caller: ObjectReference
  var target: ObjectReference
  var port: Int
  var transport: Transport

  static func < (left: FlowKey, right: FlowKey) -> Bool {
    (left.caller, left.target, left.port, left.transport.rawValue)
      < (right.caller, right.target, right.port, right.transport.rawValue)
  }
}

/// A port that somebody without an identity of the fleet must reach.
package struct Entrance: Sendable, Equatable {
  package enum Source: Sendable, Equatable, Hashable {
    /// Callers outside the cluster, through a LoadBalancer, a NodePort or external addresses; the API server.
    case anywhere
    /// Pods of a namespace; nil means of every namespace.
    case pods(namespace: String?)
    /// A workload of the fleet, such as Prometheus.
    case workload(ObjectReference)
  }
  package var target: ObjectReference
  package var port: Int
  package var transport: Transport
  package var source: Source
  /// What comes in, such as `LoadBalancer frontend-external`.
  package var what: String
  package var reason: PlaintextCaller.Reason
  package var location: SourceLocation?
}

/// A call that leaves the cluster.
package struct OutsideCall: Sendable, Equatable {
  package var caller: ObjectReference
  /// A name, or an address.
  package var host: String
  package var port: Int
  package var wireProtocol: WireProtocol
  package var evidence: FlowEvidence
}

/// Something that a policy would cut, or that it leaves wider than needed, for a person to decide.
package struct PolicyDecision: Sendable, Equatable {
  package enum Kind: String, Sendable, Codable {
    /// A policy in the input allows it; no wiring and no traffic shows it.
    case declaredCall
    case onceSeenCall
    case staleCall
    /// Wiring that leads to nothing in the input.
    case unresolvedCall
    case scrape
    case apiServer
    case wideEntrance
    case rightsOfAccount
  }
  package var kind: Kind
  /// The workload whose policy is in question.
  package var workload: ObjectReference
  package var message: String
  /// True where the policies as written cut it.
  package var cuts: Bool
  package var cure: String
  package var evidence: [FlowEvidence]

  var order: (ObjectReference, String, String) { (workload, kind.rawValue, message) }
}
