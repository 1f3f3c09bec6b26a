package import Diagnostics

/// An edge caller → service port, with the evidence for it.
package struct Call: Sendable, Equatable, Hashable {
  package enum Evidence: Sendable, Equatable, Hashable {
    /// Static wiring: the text found, such as `CART_SERVICE_ADDR=cartservice:7070`.
    case wiring(text: String, location: SourceLocation)
  }
  package var caller: ObjectReference
  /// The service meant, and the port on it. A call to nowhere has `service == nil` and is not played.
  package var service: ObjectReference?
  package var host: String
  package var port: Int
  /// The workload behind the service (the first in the fleet's order where several are selected).
  package var target: ObjectReference?
  /// The other workloads behind the service: any of them may answer.
  package var others: [ObjectReference]
  package var wireProtocol: WireProtocol
  package var evidence: Evidence

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
