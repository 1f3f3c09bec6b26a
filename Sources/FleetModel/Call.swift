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
  /// The workload behind the service (the first by reference where several are selected).
  package var target: ObjectReference?
  package var wireProtocol: WireProtocol
  package var evidence: Evidence

  package init(
    caller: ObjectReference, service: ObjectReference?, host: String, port: Int, target: ObjectReference?,
    wireProtocol: WireProtocol, evidence: Evidence
  ) {
    self.caller = caller
    self.service = service
    self.host = host
    self.port = port
    self.target = target
    self.wireProtocol = wireProtocol
    self.evidence = evidence
  }
}
