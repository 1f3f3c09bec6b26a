import Trials

extension TrialRecord {
  /// A trial passes when its hypothesis held and every control that applies passed.
  mutating func take(_ outcome: TrialOutcome, of trial: Trial, controls: [ControlResult], seconds: Double) {
    injectionVerified = outcome.evidence.verified
    injectionEvidence = outcome.evidence.text
    during = outcome.during
    recoverySeconds = outcome.recoverySeconds
    self.controls = controls
    self.seconds = seconds
    result = outcome.result
    reason = outcome.reason
    let broken = controls.filter { $0.applies && $0.result != .pass }
    if let failed = broken.first(where: { $0.result == .fail }) {
      result = .fail
      reason = "control \(failed.name) failed during the fault: \(failed.detail)"
      weakness = Weakness(
        code: "BH-CONTROL-\(failed.name)", workload: trial.weakness.workload, evidence: reason,
        remediation: Control.all.first { $0.kind.rawValue == failed.name }?.remediation ?? "")
    } else if result == .fail {
      weakness = trial.weakness
      if !failures.isEmpty { reason += "; they began at " + failures.prefix(3).map(\.text).joined(separator: ", ") }
      if let slow { reason += "; they waited for " + slow.prefix(3).map(\.text).joined(separator: ", ") }
      if let held { reason += "; " + held.prefix(3).map(\.text).joined(separator: ", ") }
      weakness?.evidence = reason
    } else if result == .pass, let unclear = broken.first {
      result = .inconclusive
      reason = "control \(unclear.name) is inconclusive: \(unclear.detail)"
    }
  }

  /// Of the trial's time, the share from which on a disturbance makes it worthless.
  private static let disturbedShare = 0.1

  /// What did not pass while others used the machine is inconclusive. A control that let something through has failed
  /// all the same, and so has a workload whose own limit held it; what passed in spite of them has passed.
  /// - Returns: whether the trial is worthless.
  mutating func excuse(_ disturbance: Disturbance) -> Bool {
    let isOpen = controls.contains { $0.applies && $0.result == .fail }
    let isHeld = result == .fail && held != nil
    guard result != .pass, !isOpen, !isHeld, disturbance.seconds >= seconds * Self.disturbedShare else { return false }
    result = .inconclusive
    weakness = nil
    reason = disturbance.text(of: seconds) + (reason.isEmpty ? "" : ": \(reason)")
    return true
  }
}

extension Disturbance {
  func text(of seconds: Double) -> String {
    "the host gave this machine's processors to others in \(CanaryGate.tenths(self.seconds)) of "
      + "\(CanaryGate.tenths(seconds)) s, which says nothing of the fleet"
  }
}
