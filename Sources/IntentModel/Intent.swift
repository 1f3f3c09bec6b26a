package import FleetModel

/// The mesh-neutral wanted state of one workload: its posture and exactly the flows it needs.
package struct Intent: Sendable, Equatable {
  package var workload: ObjectReference
  package var identity: SpiffeID
  package var posture: Posture
  /// Who may call which of its container ports.
  package var inbound: [InboundFlow]
  /// Which service ports it calls.
  package var outbound: [OutboundFlow]

  package init(
    workload: ObjectReference, identity: SpiffeID, posture: Posture, inbound: [InboundFlow], outbound: [OutboundFlow]
  ) {
    self.workload = workload
    self.identity = identity
    self.posture = posture
    self.inbound = inbound
    self.outbound = outbound
  }

  /// Callers outside the fleet must reach some port in plaintext: never made strict.
  package var servesOutside: Bool { inbound.contains(where: \.servesOutside) }
}

/// One container port and the callers it is meant for.
package struct InboundFlow: Sendable, Equatable {
  package var port: Int
  package var wireProtocol: WireProtocol
  package var callers: [ObjectReference]
  /// Callers without an identity are meant to reach it, too.
  package var servesOutside: Bool

  package init(port: Int, wireProtocol: WireProtocol, callers: [ObjectReference], servesOutside: Bool = false) {
    self.port = port
    self.wireProtocol = wireProtocol
    self.callers = callers
    self.servesOutside = servesOutside
  }
}

/// One service port that a workload calls, and the container port behind it.
package struct OutboundFlow: Sendable, Equatable {
  package var service: ObjectReference
  package var servicePort: Int
  package var target: ObjectReference
  package var targetPort: Int
  package var wireProtocol: WireProtocol

  package init(
    service: ObjectReference, servicePort: Int, target: ObjectReference, targetPort: Int, wireProtocol: WireProtocol
  ) {
    self.service = service
    self.servicePort = servicePort
    self.target = target
    self.targetPort = targetPort
    self.wireProtocol = wireProtocol
  }
}

/// A SPIFFE identity: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT` (SPIFFE-ID, section 2; path as Istio has it).
///
/// Bulkhead gives every workload an identity of its own even where manifests share the `default` account (vector M17):
/// the account part is then `default-WORKLOAD`.
package struct SpiffeID: Hashable, Sendable, Codable, CustomStringConvertible, Comparable {
  package var trustDomain: String
  package var namespace: String
  package var account: String

  package init(trustDomain: String, namespace: String, account: String) {
    self.trustDomain = trustDomain
    self.namespace = namespace
    self.account = account
  }

  package var description: String { "spiffe://\(trustDomain)/ns/\(namespace)/sa/\(account)" }

  package static func < (left: SpiffeID, right: SpiffeID) -> Bool { left.description < right.description }
}
