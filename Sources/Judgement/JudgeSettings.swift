/// What a canary is judged by.
package struct JudgeSettings: Codable, Sendable, Equatable {
  /// Greatest chance that a canary which is no worse than `margin` is ever called a regression.
  package var alpha: Double
  /// Greatest chance that a canary which is worse than `margin` (or `tolerance`) is ever called noWorse.
  package var beta: Double
  /// Largest ratio of error rates, canary over baseline, that is no regression.
  package var margin: Double
  /// An error rate below which a canary is good enough whatever the baseline's; nil for the ratio alone.
  package var tolerance: Double?

  package init(alpha: Double = 0.05, beta: Double = 0.05, margin: Double = 1.5, tolerance: Double? = 0.01) {
    self.alpha = alpha
    self.beta = beta
    self.margin = margin
    self.tolerance = tolerance
  }

  /// Why nothing can be judged by these; nil when they make sense.
  package var problem: String? {
    func isChance(_ value: Double) -> Bool { value >= 1e-300 && value < 1 }
    if !isChance(alpha) { return "alpha must be greater than 0 and less than 1, not \(alpha)" }
    if !isChance(beta) { return "beta must be greater than 0 and less than 1, not \(beta)" }
    if !(margin >= 1e-6 && margin <= 1e6) { return "the margin must be between 1e-6 and 1e6, not \(margin)" }
    if let tolerance, !isChance(tolerance) {
      return "the tolerance must be greater than 0 and less than 1, not \(tolerance)"
    }
    return nil
  }
}

package enum CanaryVerdict: String, Codable, Sendable { case regression, noWorse, `continue` }

/// Everything a verdict on a canary rests on. Evidence is ln E; it suffices at ln(1/α) or ln(1/β).
package struct CanaryEvidence: Codable, Sendable, Equatable {
  /// What promotion rests on.
  package enum Ground: String, Codable, Sendable { case ratio, tolerance }

  package var verdict: CanaryVerdict
  /// Why the canary is noWorse; nil for the other verdicts.
  package var ground: Ground?
  package var settings: JudgeSettings
  /// Against "rate ratio ≤ margin".
  package var logEWorse: Double
  /// Against "rate ratio ≥ margin".
  package var logENoWorse: Double
  /// Against "canary's error rate ≥ tolerance"; nil without a tolerance.
  package var logEWithinTolerance: Double?
  /// Bounds of the rate ratio at all looks together (level 1 - alpha); nil above while the data set none.
  package var ratioLow: Double
  package var ratioHigh: Double?
  /// The canary's error rate is below this at all looks together (level 1 - beta).
  package var errorRateBound: Double
  package var baseline: ArmCount
  package var canary: ArmCount
  package var looks: Int
  /// What stands between this and a verdict, or makes it doubtful, in words.
  package var missing: [String]
}
