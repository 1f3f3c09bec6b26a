import StandinProtocol
import Trials

/// Reads an attempt's outcome as refusal or not. A target that is merely away refuses nothing.
enum AttemptReading {
  static func read(_ outcome: AttemptOutcome?, of kind: Control.Kind) -> AttemptResult {
    guard let outcome else { return .unknown("the intruder's process ended") }
    let seen = "\(outcome.kind.rawValue)\(outcome.status.map { " \($0)" } ?? ""): \(outcome.detail)"
    if outcome.kind == .reached { return .reached(seen) }
    if outcome.kind == .impossible { return .unknown(seen) }
    return switch kind {
    case .plaintextRefused: plaintext(outcome, seen)
    case .wrongIdentityRefused: identity(outcome, seen)
    case .unlistedCallerRefused: listed(outcome, seen)
    case .egressRefused: .refused(seen)
    case .adminUnreachable: outcome.kind == .refused || outcome.kind == .closed ? .refused(seen) : .unknown(seen)
    }
  }

  /// A strict sidecar accepts the connection and closes it without an answer. A connection that nobody accepts, or a
  /// silence, says that the pod is away.
  private static func plaintext(_ outcome: AttemptOutcome, _ seen: String) -> AttemptResult {
    switch outcome.kind {
    case .closed, .denied: .refused(seen)
    default: .unknown(seen)
    }
  }

  /// The server's TLS alert ends the connection after the intruder's own sidecar took the request: it answers 503.
  /// "Connection refused" or a time-out in its words would mean an absent server instead.
  private static func identity(_ outcome: AttemptOutcome, _ seen: String) -> AttemptResult {
    guard outcome.kind == .denied || outcome.kind == .closed else { return .unknown(seen) }
    let words = outcome.detail.lowercased()
    let away = ["refused", "timeout", "no healthy", "no_healthy", "111"].contains { words.contains($0) }
    return away && !words.contains("tls") ? .unknown(seen) : .refused(seen)
  }

  private static func listed(_ outcome: AttemptOutcome, _ seen: String) -> AttemptResult {
    outcome.kind == .denied && outcome.status == 403 || outcome.kind == .closed ? .refused(seen) : .unknown(seen)
  }
}
