package import FleetModel
package import IntentModel

/// A security property that must hold while a fault lasts: something known to be bad that must stay refused.
package struct Control: Sendable, Equatable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case plaintextRefused, wrongIdentityRefused, unlistedCallerRefused, egressRefused, adminUnreachable
  }
  package var kind: Kind
  /// One sentence: what must be refused.
  package var title: String
  package var remediation: String
  /// True once the policy it checks is in force for a workload in this posture.
  package var applies: @Sendable (Intent) -> Bool

  package init(kind: Kind, title: String, remediation: String, applies: @escaping @Sendable (Intent) -> Bool) {
    self.kind = kind
    self.title = title
    self.remediation = remediation
    self.applies = applies
  }

  package static func == (left: Control, right: Control) -> Bool { left.kind == right.kind }

  package static let all: [Control] = [
    .plaintextRefused, .wrongIdentityRefused, .unlistedCallerRefused, .egressRefused, .adminUnreachable,
  ]
}

/// What one attempt met.
package enum AttemptResult: Sendable, Equatable {
  /// Something that must refuse did, with what was seen.
  case refused(String)
  case reached(String)
  /// Neither: the target was away, the attempt could not be made.
  case unknown(String)

  /// What was seen.
  package var text: String {
    switch self {
    case .refused(let text), .reached(let text), .unknown(let text): text
    }
  }

  package var isReached: Bool {
    if case .reached = self { true } else { false }
  }
}

/// The port through which known-bad attempts are made.
///
/// An attempt changes nothing and may be repeated at will. `open` makes the same attempt against a deliberately open
/// twin of the target: while that one is not reached, a refusal proves nothing.
package protocol ControlRange: Sendable {
  /// Makes the open twins of these targets ready, so that attempts need not wait for them.
  func openTwins(of targets: [ObjectReference]) async throws
  func attempt(_ kind: Control.Kind, against target: ObjectReference, open: Bool) async throws -> AttemptResult
}
