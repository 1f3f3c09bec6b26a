package import Diagnostics
package import FleetModel

/// Somebody who would still speak plaintext to a server if it took mutual TLS alone.
package struct PlaintextCaller: Sendable, Equatable {
  package enum Reason: String, Sendable, Codable {
    /// Callers outside the cluster.
    case outside
    case ingress
    case webhook
    case scrape
    case hostNetwork
    /// A workload that the mesh does not take, or that keeps out.
    case notEnrolled
    /// A job whose proxy would keep it from ending.
    case job
    /// A kubelet's probe or hook that is not led past the proxy.
    case probe
    /// The caller's annotations keep this traffic away from its proxy.
    case excluded
  }
  package var reason: Reason
  /// Who, such as `shop/report[CronJob]`.
  package var who: String
  /// The container port it calls; nil where any port may be meant.
  package var port: Int?
  package var message: String
  package var location: SourceLocation?
  package var cure: String

  var order: (Int, String, String) { (port ?? 0, who, message) }
}

/// Whether a server may be made strict.
package struct StrictVerdict: Sendable, Equatable {
  package enum Outcome: String, Sendable, Codable {
    case strict
    /// Strict but for the ports of the callers below, until a date.
    case strictWithExceptions
    case refused
    /// The server itself is in no mesh.
    case notInMesh
  }
  package var workload: ObjectReference
  package var outcome: Outcome
  package var callers: [PlaintextCaller]
  /// The ports that stay open to plaintext, sorted.
  package var exceptions: [Int]
  /// Why it is in no mesh.
  package var because: String?
  /// What the proof rests on.
  package var basis: String
}
