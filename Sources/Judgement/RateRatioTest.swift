import Foundation

/// Two opposite anytime-valid tests of the canary's error rate over the baseline's (formula 1), and its confidence
/// sequence. May be looked at after every look; stopping whenever one likes costs nothing.
///
/// Of the errors of a look, each is the canary's with probability at most θ₀ = rm / (1 + rm) when the rate ratio is
/// at most the margin m; r is that look's own traffic ratio. The tests multiply likelihood ratios over looks and mix
/// over the *rate ratio*, which is the same at every look, so traffic may change from look to look. The tests hold
/// for every independent success or failure, not only rare ones: 1 + p(L - 1) ≤ exp(p(L - 1)), and with rates in
/// the ratio m the exponents of a look sum to zero. Bursts (retries of one request) void that: count first attempts.
package struct RateRatioTest: Codable, Sendable, Equatable {
  /// Largest ratio of error rates that is still no regression.
  package let margin: Double
  private var worse = LikelihoodGrid(.above)
  private var noWorse = LikelihoodGrid(.below)
  private var sequence = RatioSequence()

  package init(margin: Double = 1.5) { self.margin = margin }

  /// ln E against "ratio ≤ margin": a regression is shown when E ≥ 1/α.
  package var logEWorse: Double { worse.logE }

  /// ln E against "ratio ≥ margin": noWorse is shown when E ≥ 1/β.
  package var logENoWorse: Double { noWorse.logE }

  /// Looks without an error, or in which one arm served nothing, say nothing about the ratio. The look must be
  /// without a `problem`.
  package mutating func add(_ look: Look) {
    let baseline = Double(look.baseline.requests)
    let canary = Double(look.canary.requests)
    let canaryErrors = Double(look.canary.errors)
    let errors = canaryErrors + Double(look.baseline.errors)
    guard let share = look.nullShare(margin: margin) else { return }
    worse.add(canaryErrors, of: errors, nullProbability: share)
    noWorse.add(canaryErrors, of: errors, nullProbability: share)
    sequence.add(canaryErrors: canaryErrors, errors: errors, logTraffic: log(canary / baseline))
  }

  /// Bounds of the ratio of error rates that hold at all looks together with probability 1 - alpha; the upper one is
  /// nil while the data set none.
  package func ratio(alpha: Double) -> (low: Double, high: Double?) {
    let (low, high) = sequence.bounds(alpha: alpha)
    return (exp(low), high < .infinity ? exp(high) : nil)
  }
}
