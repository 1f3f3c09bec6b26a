import Testing

@testable import Judgement

@Suite struct SpecialFunctionTests {
  /// Relative to the value, but no finer than one part in 1e10 of a probability where the logarithm nears zero.
  private func close(_ value: Double, _ reference: Double, tolerance: Double = 1e-10) -> Bool {
    abs(value - reference) <= tolerance * max(abs(reference), 1e-5)
  }

  @Test(arguments: ReferenceValues.logGamma)
  func `ln gamma`(x: Double, reference: Double) {
    #expect(close(BetaFunction.logGamma(x), reference))
  }

  @Test(arguments: ReferenceValues.logBeta.map { [$0.0, $0.1, $0.2] })
  func `ln beta`(row: [Double]) {
    #expect(close(BetaFunction.logBeta(row[0], row[1]), row[2]))
  }

  @Test(arguments: ReferenceValues.tails.map { [$0.0, $0.1, $0.2, $0.3, $0.4] })
  func `both tails of the incomplete beta`(row: [Double]) {
    let value = IncompleteBeta(row[0], row[1], row[2])
    #expect(close(value.logLower, row[3]), "lower \(value.logLower), \(row[3])")
    #expect(close(value.logUpper, row[4]), "upper \(value.logUpper), \(row[4])")
  }

  @Test(arguments: ReferenceValues.rateEvidence.map { ([$0.0, $0.1], [$0.2, $0.3]) })
  func `evidence on one arm's rate`(counts: [Int], row: [Double]) {
    let bound = ErrorRateBound(ArmCount(requests: counts[0], errors: counts[1]))
    #expect(close(bound.logEBelow(row[0]), row[1]), "\(bound.logEBelow(row[0])), \(row[1])")
  }

  @Test func `the two ways of computing a tail agree where they meet`() {
    for (a, offset) in [(999.0, -0.02), (999.0, 0.0), (999.0, 0.01)] {
      let x = 0.25 + offset
      let below = IncompleteBeta(a, 3 * a, x)
      let above = IncompleteBeta(a + 2, 3 * (a + 2), x)
      let between = IncompleteBeta(a + 1, 3 * (a + 1), x)
      // A smooth function of the size: its second difference is tiny although the method changes in between.
      #expect(abs(below.logLower - 2 * between.logLower + above.logLower) < 1e-5)
    }
  }

  @Test func `edges`() {
    #expect(IncompleteBeta(2, 3, 0).logLower == -.infinity)
    #expect(IncompleteBeta(2, 3, 1).logUpper == -.infinity)
    #expect(LogSpace.sum([]) == -.infinity)
    #expect(LogSpace.sum([-1e300, 0]) == 0)
    #expect(LogSpace.complement(0) == -.infinity)
    #expect(abs(LogSpace.log1pMinus(1e-9) + 5e-19) < 1e-27)
    #expect(abs(LogSpace.log1pMinus(0.4999999) - LogSpace.log1pMinus(0.5)) < 1e-6)
  }
}
