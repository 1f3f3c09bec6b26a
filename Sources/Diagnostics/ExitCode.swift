/// Exit codes of every command; scripts rely on them (design, section 4).
package enum ExitCode: Int32, Sendable, Codable, CaseIterable {
  case ok = 0
  case unexpected = 1
  case differences = 2
  case usage = 64
  case badInput = 65
  case targetUnreachable = 69
  case tryAgain = 75
  case notPermitted = 77
  case configuration = 78
  case findings = 79
  /// A gate failed or stayed inconclusive and the wave was rolled back.
  case gateFailed = 80
  case rollbackIncomplete = 81
  /// A probe got out after hardening; the wave was rolled back.
  case probeEscaped = 82
  case journalDamaged = 83
  case interrupted = 130
  case terminated = 143

  /// The code to report where several apply: 81 over 82 over 80, and those over everything else.
  package static func worst(_ codes: some Sequence<ExitCode>) -> ExitCode {
    let order: [ExitCode] = [.rollbackIncomplete, .probeEscaped, .gateFailed]
    let all = Array(codes)
    for code in order where all.contains(code) { return code }
    return all.first { $0 != .ok } ?? .ok
  }
}
