import Foundation

/// One error rate among thousands: what a verdict needs and nothing for display, in 200 bytes at most. The settings
/// are the same for all and are handed in.
package struct MetricJudge: Codable, Sendable, Equatable {
  private var worse = LikelihoodGrid(.above)
  private var noWorse = LikelihoodGrid(.below)
  package private(set) var baseline = ArmCount()
  package private(set) var canary = ArmCount()
  package private(set) var verdict = CanaryVerdict.continue

  package init() {}

  /// False, with nothing changed, for a look that cannot be judged.
  @discardableResult
  package mutating func observe(_ look: Look, settings: JudgeSettings) -> Bool {
    guard look.problem == nil, let first = baseline.adding(look.baseline), let second = canary.adding(look.canary)
    else { return false }
    (baseline, canary) = (first, second)
    guard let share = look.nullShare(margin: settings.margin) else { return true }
    let (errors, all) = (Double(look.canary.errors), Double(look.canary.errors + look.baseline.errors))
    worse.add(errors, of: all, nullProbability: share)
    noWorse.add(errors, of: all, nullProbability: share)
    if verdict == .regression { return true }
    if logEWorse >= -log(settings.alpha) {
      verdict = .regression
    } else if verdict == .continue, noWorse.logE >= -log(settings.beta) {
      verdict = .noWorse
    }
    return true
  }

  /// ln E against "ratio ≤ margin".
  package var logEWorse: Double { worse.logE }
}
