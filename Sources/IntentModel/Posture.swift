/// How far a workload has come on its way into the mesh: what a wave changes and a rollback restores.
package struct Posture: Hashable, Codable, Sendable {
  /// The pod runs with Bulkhead's hardened security context instead of the manifest's own.
  package var hardened: Bool
  package var mutualTLS: MutualTLS
  package var authorisation: Authorisation
  /// Default-deny network policy with exactly the known calls, and no passthrough in the sidecar.
  package var isolated: Bool

  package init(
    hardened: Bool = false, mutualTLS: MutualTLS = .absent, authorisation: Authorisation = .off, isolated: Bool = false
  ) {
    self.hardened = hardened
    self.mutualTLS = mutualTLS
    self.authorisation = authorisation
    self.isolated = isolated
  }

  /// As the manifest has it: no sidecar, nothing enforced.
  package static let untouched = Posture()

  package var enrolled: Bool { mutualTLS != .absent }
}

/// `absent`: no sidecar. `permissive`: plaintext and mutual TLS are served. `strict`: mutual TLS alone.
package enum MutualTLS: String, Hashable, Codable, Sendable { case absent, permissive, strict }

/// `shadow` evaluates the rules and counts what they would refuse; `enforced` refuses.
package enum Authorisation: String, Hashable, Codable, Sendable { case off, shadow, enforced }

/// The reversible changes a plan is made of, in the order in which one workload takes them.
package enum StepAction: String, Hashable, Codable, Sendable, CaseIterable {
  case harden, enrol, authoriseInShadow, authorise, requireMutualTLS, isolate

  package func applied(to posture: Posture) -> Posture {
    var next = posture
    switch self {
    case .harden: next.hardened = true
    case .enrol: next.mutualTLS = .permissive
    case .authoriseInShadow: next.authorisation = .shadow
    case .authorise: next.authorisation = .enforced
    case .requireMutualTLS: next.mutualTLS = .strict
    case .isolate: next.isolated = true
    }
    return next
  }
}
