import Foundation

/// Judges one workload's canary against the stable pods of the same moments. Pure: looks go in, evidence comes out;
/// it may be asked after every look. A few numbers of state, which survive a restart (`Codable`).
///
/// - `regression`: the ratio of error rates exceeds the margin (E ≥ 1/α). Final.
/// - `noWorse`: the ratio is below the margin, or the canary's own error rate is below the tolerance (E ≥ 1/β).
///   Stays, unless a regression is shown later: a canary is watched at a greater share after it did well at a small
///   one, and the bound α on false alarms covers the whole run.
/// - `continue`: neither is shown. At a deadline that is inconclusive, never pass.
package struct CanaryJudge: Codable, Sendable, Equatable {
  package let settings: JudgeSettings
  package private(set) var verdict = CanaryVerdict.continue
  package private(set) var ground: CanaryEvidence.Ground?
  package private(set) var baseline = ArmCount()
  package private(set) var canary = ArmCount()
  package private(set) var looks = 0
  /// Looks that could not be judged and were left out.
  package private(set) var refusedLooks = 0
  /// Why the latest of them was refused.
  package private(set) var lastProblem: String?
  private var ratioTest: RateRatioTest

  package init(settings: JudgeSettings = JudgeSettings()) {
    self.settings = settings
    ratioTest = RateRatioTest(margin: settings.margin)
  }

  /// Takes in what both arms served since the look before. A look with impossible counts is refused as a whole: it
  /// leads to a reason in the evidence, never to a verdict.
  package mutating func observe(_ look: Look) {
    guard settings.problem == nil else { return }
    let problem = look.problem
    guard problem == nil, let baseline = baseline.adding(look.baseline), let canary = canary.adding(look.canary) else {
      refusedLooks += 1
      lastProblem = problem ?? "the counts add up to more than can be held"
      return
    }
    (self.baseline, self.canary) = (baseline, canary)
    looks += 1
    ratioTest.add(look)
    decide()
  }

  private mutating func decide() {
    if verdict == .regression { return }
    if ratioTest.logEWorse >= -log(settings.alpha) {
      (verdict, ground) = (.regression, nil)
    } else if verdict == .continue {
      if ratioTest.logENoWorse >= -log(settings.beta) {
        (verdict, ground) = (.noWorse, .ratio)
      } else if let logE = logEWithinTolerance, logE >= -log(settings.beta) {
        (verdict, ground) = (.noWorse, .tolerance)
      }
    }
  }

  /// A small share moves on when there is no regression after `minimumRequests` requests to the canary, with a
  /// baseline that served too. It is not a promotion.
  package func mayAdvance(minimumRequests: Int) -> Bool {
    settings.problem == nil && verdict != .regression && canary.requests >= max(1, minimumRequests)
      && baseline.requests > 0
  }

  /// The gate's verdict when no more looks come.
  package var conclusion: Verdict {
    switch verdict {
    case .regression: .fail
    case .noWorse: .pass
    case .continue: .inconclusive
    }
  }

  package var logEWorse: Double { ratioTest.logEWorse }

  package var evidence: CanaryEvidence {
    let ratio = ratioTest.ratio(alpha: settings.problem == nil ? settings.alpha : 0.05)
    return CanaryEvidence(
      verdict: verdict, ground: ground, settings: settings, logEWorse: ratioTest.logEWorse,
      logENoWorse: ratioTest.logENoWorse, logEWithinTolerance: logEWithinTolerance, ratioLow: ratio.low,
      ratioHigh: ratio.high,
      errorRateBound: settings.problem == nil ? ErrorRateBound(canary).upperBound(beta: settings.beta) : 1,
      baseline: baseline, canary: canary, looks: looks, missing: missing)
  }

  private var logEWithinTolerance: Double? {
    guard settings.problem == nil else { return nil }
    return settings.tolerance.map { ErrorRateBound(canary).logEBelow($0) }
  }

  private var missing: [String] {
    if let problem = settings.problem { return [problem] }
    var reasons: [String] = []
    if let lastProblem { reasons.append("\(refusedLooks) looks refused; the latest: \(lastProblem)") }
    guard verdict == .continue else { return reasons }
    if looks == 0 { return reasons + ["no data: nothing was measured yet"] }
    if canary.requests == 0 { reasons.append("no data: the canary has served no requests") }
    if baseline.requests == 0 { reasons.append("no data: the baseline has served no requests") }
    if canary.requests > 0 { reasons.append(shortfall) }
    return reasons
  }

  /// How far promotion is away, in requests where that can be said.
  private var shortfall: String {
    let rate = Double(canary.errors) / Double(canary.requests)
    guard let tolerance = settings.tolerance, rate < tolerance,
      let needed = ErrorRateBound.requestsNeeded(errors: canary.errors, tolerance: tolerance, beta: settings.beta)
    else {
      let shown = ratioTest.logENoWorse / log(10)
      let wanted = -log(settings.beta) / log(10)
      return "a ratio below \(settings.margin) is not shown: evidence 10^\(tenths(shown)) of 10^\(tenths(wanted))"
    }
    return "\(needed - canary.requests) more requests to the canary without an error would show a rate below "
      + "\(tolerance * 100) %"
  }

  private func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
