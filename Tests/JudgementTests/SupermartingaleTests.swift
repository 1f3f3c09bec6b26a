import Foundation
import Testing

@testable import Judgement

/// Every e-process must have expectation at most 1 under its null: exactly, by enumeration of all outcomes.
@Suite struct SupermartingaleTests {
  private func binomial(_ n: Int, _ p: Double) -> [Double] {
    (0...n).map { k in
      let choose =
        BetaFunction.logGamma(Double(n) + 1) - BetaFunction.logGamma(Double(k) + 1)
        - BetaFunction.logGamma(Double(n - k) + 1)
      return exp(choose) * pow(p, Double(k)) * pow(1 - p, Double(n - k))
    }
  }

  private typealias Evidence = (RateRatioTest) -> Double

  /// E[exp(evidence)] after two looks with different traffic and different rates in the given ratio.
  private func expectation(margin: Double, ratio: Double, rates: [Double], _ evidence: Evidence) -> Double {
    let traffic = [(6, 3), (4, 7)]
    var total = 0.0
    func visit(_ look: Int, _ test: RateRatioTest, _ probability: Double) {
      guard look < traffic.count else { total += probability * exp(evidence(test)); return }
      let (baseline, canary) = traffic[look]
      for (b, pb) in binomial(baseline, rates[look]).enumerated() {
        for (c, pc) in binomial(canary, rates[look] * ratio).enumerated() {
          var next = test
          next.add(
            Look(baseline: ArmCount(requests: baseline, errors: b), canary: ArmCount(requests: canary, errors: c)))
          visit(look + 1, next, probability * pb * pc)
        }
      }
    }
    visit(0, RateRatioTest(margin: margin), 1)
    return total
  }

  @Test(arguments: [1.0, 1.5, 3], [[0.01, 0.01], [0.05, 0.2], [0.3, 0.02]])
  func `evidence for worse`(margin: Double, rates: [Double]) {
    #expect(expectation(margin: margin, ratio: margin, rates: rates) { $0.logEWorse } <= 1 + 1e-12)
    #expect(expectation(margin: margin, ratio: margin / 2, rates: rates) { $0.logEWorse } <= 1 + 1e-12)
    // The check can fail: beyond the margin evidence grows.
    #expect(expectation(margin: margin, ratio: margin * 1.1, rates: [0.01, 0.01]) { $0.logEWorse } > 1)
  }

  @Test(arguments: [0.8, 1.5, 3], [[0.01, 0.01], [0.05, 0.2], [0.3, 0.02]])
  func `evidence for no worse`(margin: Double, rates: [Double]) {
    #expect(expectation(margin: margin, ratio: margin, rates: rates) { $0.logENoWorse } <= 1 + 1e-12)
    #expect(expectation(margin: margin, ratio: margin * 1.1, rates: rates) { $0.logENoWorse } <= 1 + 1e-12)
    #expect(expectation(margin: margin, ratio: margin / 2, rates: [0.01, 0.01]) { $0.logENoWorse } > 1)
  }

  @Test(arguments: [0.005, 0.01, 0.3])
  func `evidence for a rate below the tolerance`(tolerance: Double) {
    for n in [1, 7, 40] {
      let mean = { (rate: Double) in
        zip(0...n, binomial(n, rate)).reduce(0) { sum, outcome in
          let bound = ErrorRateBound(ArmCount(requests: n, errors: outcome.0))
          return sum + outcome.1 * exp(bound.logEBelow(tolerance))
        }
      }
      #expect(abs(mean(tolerance) - 1) < 1e-9)
      #expect(mean(tolerance * 1.5) < 1)
      #expect(mean(tolerance / 2) > 1)
    }
  }

  @Test func `the change detector grows by at most one per look while nothing changes`() {
    let detector = ChangeDetector(baseline: ArmCount(requests: 2000, errors: 4), alpha: 0.05, plannedLooks: 100)
    let rate = detector.acceptedRate
    func mean(_ detector: ChangeDetector, _ depth: Int) -> Double {
      guard depth > 0 else { return exp(detector.logE) }
      return binomial(5, rate).enumerated().reduce(0) { sum, outcome in
        var next = detector
        next.observe(ArmCount(requests: 5, errors: outcome.offset))
        return sum + outcome.element * mean(next, depth - 1)
      }
    }
    for looks in 1...4 { #expect(abs(mean(detector, looks) - Double(looks)) < 1e-9) }
  }

  /// A share of exactly the minimum success is neither passed nor failed too often.
  @Test func `recovery evidence has a mean of at most one`() {
    let spans = [(0.0, 2.0), (2, 4), (4, 6), (6, 8)]
    func mean(_ state: SteadyState, _ index: Int, _ value: (SteadyStatePhase) -> Double) -> Double {
      guard index < spans.count else { return exp(value(state.recovery)) }
      return binomial(4, 0.1).enumerated().reduce(0) { sum, outcome in
        var next = state
        next.observeAfterFault(
          ArmCount(requests: 4, errors: outcome.offset), from: spans[index].0, to: spans[index].1)
        return sum + outcome.element * mean(next, index + 1, value)
      }
    }
    for within in [0.0, 1, 5, 100] {
      let start = SteadyState(minimumSuccess: 0.9, recoveryWithin: within)
      #expect(mean(start, 0) { $0.logEPass } <= 1 + 1e-9)
      #expect(mean(start, 0) { $0.logEFail } <= 1 + 1e-9)
    }
    #expect(mean(SteadyState(minimumSuccess: 0.9, recoveryWithin: 0), 0) { $0.logEPass } > 1 - 1e-9)
  }
}
