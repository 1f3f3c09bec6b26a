import Foundation

/// Is the canary slower than the baseline beyond one threshold? Counts of slow requests go in.
///
/// The canary's threshold lies higher by the mesh budget. From there on it is the test of `RateRatioTest` on "slower
/// than the threshold" instead of "failed", with the same margin: a share of slow requests may grow by that factor.
package struct LatencyLevel: Codable, Sendable, Equatable {
  /// The baseline's quantile that the threshold stands for; nil where the sender chose it.
  package let level: Double?
  /// Milliseconds; infinite quantiles and thresholds of the sender's are nil.
  package let threshold: Double?
  package let limit: Double?
  package let margin: Double
  /// Requests of each arm since the warm-up; the slow ones stand as errors.
  package private(set) var baseline = ArmCount()
  package private(set) var canary = ArmCount()
  private var worse = LikelihoodGrid(.above)
  private var noWorse = LikelihoodGrid(.below)
  private var bursts = BurstDetector()

  init(level: Double?, threshold: Double?, limit: Double?, margin: Double) {
    self.level = level
    self.threshold = threshold
    self.limit = limit
    self.margin = margin
  }

  /// False, with nothing changed, where these cannot be counts.
  mutating func add(_ look: Look) -> Bool {
    guard look.problem == nil, let first = baseline.adding(look.baseline), let second = canary.adding(look.canary)
    else { return false }
    (baseline, canary) = (first, second)
    bursts.add(look)
    guard let share = look.nullShare(margin: margin) else { return true }
    let (slow, all) = (Double(look.canary.errors), Double(look.canary.errors + look.baseline.errors))
    worse.add(slow, of: all, nullProbability: share)
    noWorse.add(slow, of: all, nullProbability: share)
    return true
  }

  /// ln E against "the share of slow requests is at most `margin` times the baseline's".
  package var logESlower: Double { worse.logE }

  /// Slow requests of one stall are one event, not many: then this evidence proves nothing.
  package var voidBecause: String? { bursts.voidBecause }
  package var looks: Int { bursts.looks }

  /// ln E against "slower": by the ratio, or by the share itself where that is below `acceptedShare`.
  package var logENoSlower: Double { max(noWorse.logE, ErrorRateBound(canary).logEBelow(acceptedShare)) }

  /// A share of slow requests that is good enough whatever the baseline's.
  package var acceptedShare: Double { max(level.map { 2 * (1 - $0) } ?? 0, Self.leastAcceptedShare) }

  package static let leastAcceptedShare = 0.05
}

/// What one threshold shows.
package struct LatencyEvidence: Codable, Sendable, Equatable {
  package var level: Double?
  package var baselineMilliseconds: Double?
  package var budgetMilliseconds: Double?
  package var logE: Double
  /// Share of the baseline's requests beyond its threshold since the warm-up.
  package var baselineSlower: Double
  /// Share of the canary's beyond threshold plus budget.
  package var canarySlower: Double

  init(_ level: LatencyLevel) {
    func share(_ count: ArmCount) -> Double { Double(count.errors) / Double(max(1, count.requests)) }
    self.level = level.level
    baselineMilliseconds = level.threshold
    budgetMilliseconds = level.threshold.flatMap { threshold in level.limit.map { $0 - threshold } }
    logE = level.logESlower
    baselineSlower = share(level.baseline)
    canarySlower = share(level.canary)
  }
}
