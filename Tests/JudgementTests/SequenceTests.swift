import Foundation
import Testing

@testable import Judgement

@Suite struct SequenceTests {
  private func near(_ a: Double, _ b: Double, _ scale: Double = 1) -> Bool { abs(a - b) <= 1e-9 * max(scale, abs(b)) }

  @Test func `multinomial evidence equals its reference`() throws {
    for (chances, counts, expected) in SequenceReferenceValues.multinomial {
      var test = try #require(MultinomialTest(chances: chances))
      let added = test.add(counts)
      #expect(added)
      #expect(near(test.logE, expected), "\(counts): \(test.logE) for \(expected)")
    }
    #expect(MultinomialTest(chances: [0.5, 0.6]) == nil)
    #expect(MultinomialTest(chances: [1]) == nil)
  }

  @Test func `two-sample evidence equals its reference`() {
    for (blocks, oneSided, expected) in SequenceReferenceValues.twoSample {
      var test = oneSided ? TwoSampleTest.worse : TwoSampleTest(categories: blocks[0].0.count)
      for (baseline, canary) in blocks {
        let added = test.add(baseline: baseline, canary: canary)
        #expect(added)
      }
      #expect(near(test.logE, expected), "\(test.logE) for \(expected)")
    }
  }

  @Test func `one arm's evidence and bounds`() {
    for (n, k, p, expected) in SequenceReferenceValues.oneArm {
      let count = ArmCount(requests: n, errors: k)
      // A share is known to 53 bits: at 1e15 requests the evidence to about 1e-4.
      let scale = max(1, Double(n) * 1e-10)
      #expect(near(RateSequence.logE(count, share: p), expected, scale), "\(n) \(k)")
      let (low, high) = RateSequence.bounds(count, alpha: 0.05)
      #expect(low < (Double(k) + 0.5) / Double(n + 1) && (Double(k) + 0.5) / Double(n + 1) < high)
      if low > 0 { #expect(abs(RateSequence.logE(count, share: low) + log(0.05)) < 1e-3) }
    }
    #expect(RateSequence.bounds(ArmCount(), alpha: 0.05) == (0, 1))
  }

  @Test func `rate ratio evidence equals its reference`() {
    for (margin, looks, worse, noWorse) in SequenceReferenceValues.rateRatio {
      var test = RateRatioTest(margin: margin)
      for look in looks {
        test.add(
          Look(
            baseline: ArmCount(requests: look[0], errors: look[1]),
            canary: ArmCount(requests: look[2], errors: look[3])))
      }
      #expect(near(test.logEWorse, worse, 10) && near(test.logENoWorse, noWorse, 10))
    }
  }

  @Test func `quantile widths equal their reference`() {
    for (p, samples, alpha, expected) in SequenceReferenceValues.width {
      #expect(near(QuantileSequence.width(p, samples: samples, alpha: alpha), expected))
    }
  }

  @Test func `the change detector, recovery and upper bounds equal their reference`() {
    for (looks, accepted, expected) in SequenceReferenceValues.change {
      // A baseline without errors and a tolerance above its limit make the tolerance the accepted rate.
      var detector = ChangeDetector(baseline: ArmCount(requests: 1_000_000, errors: 0), tolerance: accepted)
      for look in looks { detector.observe(ArmCount(requests: look[0], errors: look[1])) }
      #expect(detector.acceptedRate == accepted && near(detector.logE, expected))
    }
    for (looks, rate, masses, expected) in SequenceReferenceValues.recovery {
      var state = SteadyState(minimumSuccess: 1 - rate, recoveryWithin: masses.count > 1 ? 5 : 0)
      for (look, span) in zip(looks, [(0.0, 2.0), (2, 5), (5, 7)]) {
        state.observeAfterFault(ArmCount(requests: look[0], errors: look[1]), from: span.0, to: span.1)
      }
      #expect(near(state.recovery.logEPass, expected), "\(state.recovery.logEPass) for \(expected)")
    }
    for (requests, errors, beta, expected) in SequenceReferenceValues.upperBound {
      let bound = ErrorRateBound(ArmCount(requests: requests, errors: errors)).upperBound(beta: beta)
      #expect(abs(bound - expected) < 1e-8 * expected, "\(bound) for \(expected)")
    }
  }

  @Test func `Wald's bound equals its reference`() throws {
    for (row, expected) in SequenceReferenceValues.wald {
      let plan = JudgementPlan(
        baselineRequests: row[0], canaryRequests: row[1], baseline: row[4],
        settings: JudgeSettings(alpha: row[5], margin: row[2]))
      #expect(near(try #require(plan.bound(effect: row[3])), expected))
    }
  }

  /// Mean of E over all outcomes of three blocks of 2 + 3 requests.
  private func mean(_ baseline: [Double], _ canary: [Double]) -> Double {
    func choose(_ n: Int, _ k: Int) -> Double { (0..<k).reduce(1) { $0 * Double(n - $1) / Double($1 + 1) } }
    func chance(_ k: Int, _ n: Int, _ p: Double) -> Double {
      choose(n, k) * pow(p, Double(k)) * pow(1 - p, Double(n - k))
    }
    func visit(_ test: TwoSampleTest, _ block: Int) -> Double {
      guard block < baseline.count else { return exp(test.logE) }
      var sum = 0.0
      for a in 0...2 {
        for b in 0...3 {
          var next = test
          next.add(baseline: [a, 2 - a], canary: [b, 3 - b])
          sum += chance(a, 2, baseline[block]) * chance(b, 3, canary[block]) * visit(next, block + 1)
        }
      }
      return sum
    }
    return visit(.worse, 0)
  }

  @Test(arguments: [[0.1, 0.1, 0.1], [0.5, 0.1, 0.9], [0.01, 0.3, 0.02]])
  func `two-sample evidence has a mean of at most one`(shares: [Double]) {
    #expect(mean(shares, shares) <= 1 + 1e-12)
    #expect(mean(shares, shares.map { $0 / 2 }) <= 1 + 1e-12)
    #expect(mean([0.1, 0.1, 0.1], [0.8, 0.8, 0.8]) > 1)
  }

  /// e-BH by its definition: the largest k for which k e-values reach K / (k · rate).
  @Test func `e-BH equals its definition`() {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<300 {
      let values = (0..<Int.random(in: 1...9, using: &generator)).map { _ in generator.normal() * 3 + 2 }
      let count = Double(values.count)
      let k = (1...values.count).last { k in values.count { exp($0) >= count / (Double(k) * 0.05) } >= k }
      let expected = values.indices.filter { index in
        k.map { k in values[index] >= values.sorted(by: >)[k - 1] } ?? false
      }
      #expect(WaveEvidence.discoveries(values, rate: 0.05) == expected)
    }
  }
}
