package import Diagnostics
package import FleetModel

/// Why a call is allowed or refused, layer by layer in the order in which it meets them.
package struct ReachExplanation: Sendable, Equatable {
  package enum Verdict: String, Sendable {
    case allowed, refused
    /// Allowed for some requests of the application's protocol; the reasons say which.
    case partly
    /// The layer has no say in this call.
    case silent
    /// Decided by something that is not in the input.
    case unknown
  }

  package struct Reason: Sendable, Equatable {
    package var text: String
    package var object: ObjectReference?
    package var location: SourceLocation?

    package init(_ text: String, _ object: ObjectReference? = nil, _ location: SourceLocation? = nil) {
      self.text = text
      self.object = object
      self.location = location
    }
  }

  package struct Layer: Sendable, Equatable {
    package var title: String
    package var verdict: Verdict
    package var reasons: [Reason]
    /// What would have to change for the layer to allow the call; only of a refusal.
    package var cure: String?

    package init(_ title: String, _ verdict: Verdict, _ reasons: [Reason], cure: String? = nil) {
      self.title = title
      self.verdict = verdict
      self.reasons = reasons
      self.cure = cure
    }
  }

  package var from: String
  package var to: String
  package var port: Int
  package var transport: Transport
  package var layers: [Layer]

  /// Refused where any layer refuses; unknown or partly where any is.
  package var verdict: Verdict {
    for verdict: Verdict in [.refused, .unknown, .partly] where layers.contains(where: { $0.verdict == verdict }) {
      return verdict
    }
    return .allowed
  }

  package init(from: String, to: String, port: Int, transport: Transport, layers: [Layer]) {
    self.from = from
    self.to = to
    self.port = port
    self.transport = transport
    self.layers = layers
  }
}

/// One end of a call to explain.
package enum ReachEnd: Sendable, Equatable {
  /// Index in `Fleet.workloads`.
  case workload(Int)
  case address(Address, text: String)
  case ingressController
}
