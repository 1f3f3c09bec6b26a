import Foundation

/// Watches the canary at 100 % share, where no baseline runs beside it: has its error rate risen at any moment?
///
/// Formula 8 (Shiryaev–Roberts e-detector): the evidence may start at every look, M ← (M + 1) · likelihood ratio.
/// The null is "error rate ≤ accepted rate"; the accepted rate is the frozen baseline's *upper confidence limit*
/// (valid although the moment of freezing was chosen by the data) times the margin, and at least `tolerance`, because
/// a canary that was promoted below the tolerance must not be called changed for staying there.
///
/// Under the null M grows by at most 1 per look in expectation, so by Doob's inequality an alarm at
/// M ≥ plannedLooks / (α/2) is false with probability at most α/2 over all planned looks together. The other α/2 is
/// the confidence limit's.
package struct ChangeDetector: Codable, Sendable, Equatable {
  /// Highest error rate that is no change for the worse.
  package let acceptedRate: Double
  package let alpha: Double
  /// For how many looks the bound on false alarms holds.
  package let plannedLooks: Int
  package private(set) var count = ArmCount()
  package private(set) var looks = 0
  /// True from the first look whose evidence crossed the threshold.
  package private(set) var alarmed = false
  private var grid = LikelihoodGrid(.above)
  private var problem: String?

  package init(
    baseline: ArmCount, margin: Double = 1.5, tolerance: Double = 0, alpha: Double = 0.05, plannedLooks: Int = 3600
  ) {
    self.alpha = alpha
    self.plannedLooks = max(1, plannedLooks)
    problem = baseline.problem.map { "baseline: \($0)" }
    let limit = problem == nil ? ErrorRateBound(baseline).upperBound(beta: alpha / 2) : 1
    acceptedRate = max(limit * margin, tolerance)
    if problem == nil, !(acceptedRate < 1) {
      problem = "the baseline's \(baseline.requests) requests with \(baseline.errors) errors rule out no error rate"
    }
    grid.clear()
  }

  /// Counts since the look before. Looks without requests change nothing.
  package mutating func observe(_ look: ArmCount) {
    if let wrong = look.problem { problem = "canary: \(wrong)"; return }
    guard acceptedRate < 1, look.requests > 0 else { return }
    guard let sum = count.adding(look) else { problem = "canary: the counts add up to more than can be held"; return }
    count = sum
    looks += 1
    grid.add(Double(look.errors), of: Double(look.requests), nullProbability: acceptedRate, restartingWith: 0)
    if looks <= plannedLooks, logE >= logThreshold { alarmed = true }
  }

  /// ln M, the evidence that the rate has risen.
  package var logE: Double { looks == 0 ? 0 : grid.logE }

  package var logThreshold: Double { log(Double(plannedLooks)) - log(alpha / 2) }

  /// Why silence would mean nothing; empty when no alarm is good news. (That nothing is proved by it stays true:
  /// promotion was decided before, by `CanaryJudge`.)
  package var missing: [String] {
    var reasons: [String] = []
    if let problem { reasons.append(problem) }
    if acceptedRate < 1, looks == 0 { reasons.append("the canary has served no requests since its promotion") }
    if looks > plannedLooks { reasons.append("the watch was planned for \(plannedLooks) looks, not \(looks)") }
    return reasons
  }

  package var verdict: Verdict { alarmed ? .fail : missing.isEmpty ? .pass : .inconclusive }
}
