import Foundation

/// Confidence sequence of one arm's share of failures (formula 4, two-sided, Beta(1/2, 1/2)): holds at all looks at
/// once with probability 1 - alpha. For display.
package enum RateSequence {
  /// ln E against "the share is exactly p".
  package static func logE(_ count: ArmCount, share p: Double) -> Double {
    let (errors, successes) = (Double(count.errors), Double(count.requests - count.errors))
    guard p > 0 else { return errors > 0 ? .infinity : mixture(errors, successes) }
    guard p < 1 else { return successes > 0 ? .infinity : mixture(errors, successes) }
    return BetaFunction.logKernel(0.5, 0.5, p) - BetaFunction.logKernel(0.5 + errors, 0.5 + successes, p)
  }

  /// [0, 1] with no data. The counts must be without a `problem`.
  package static func bounds(_ count: ArmCount, alpha: Double) -> (low: Double, high: Double) {
    guard count.problem == nil, count.requests > 0, alpha > 0, alpha < 1 else { return (0, 1) }
    let rate = (Double(count.errors) + 0.5) / (Double(count.requests) + 1)
    func edge(_ outer: Double) -> Double {
      if logE(count, share: outer) < -log(alpha) { return outer }
      // In log odds, so that a share of 1e-12 keeps its digits.
      var (inside, outside) = (log(rate) - log1p(-rate), outer == 0 ? -60.0 : 60)
      for _ in 0..<80 {
        let middle = (inside + outside) / 2
        if logE(count, share: LogSpace.logistic(middle)) < -log(alpha) { inside = middle } else { outside = middle }
      }
      return LogSpace.logistic(outside)
    }
    return (edge(0), edge(1))
  }

  private static func mixture(_ errors: Double, _ successes: Double) -> Double {
    BetaFunction.logBeta(0.5 + errors, 0.5 + successes) - BetaFunction.logBeta(0.5, 0.5)
  }
}

/// Confidence sequence of a quantile (formula 6; Howard and Ramdas 2022): which order statistics bound it at all
/// sample sizes at once.
package enum QuantileSequence {
  /// How far the empirical share may be from p after t samples.
  package static func width(_ p: Double, samples t: Double, alpha: Double) -> Double {
    let logTerm = (1.4 * log(log(2.1 * max(t, 2))) + log(10 / alpha)) / t
    return 1.5 * (p * (1 - p) * logTerm).squareRoot() + 0.8 * logTerm
  }

  /// Levels of the empirical distribution whose values bound the p-quantile; nil on a side where data set no bound.
  package static func levels(_ p: Double, samples: Int, alpha: Double) -> (low: Double?, high: Double?) {
    guard samples > 0 else { return (nil, nil) }
    let t = Double(samples)
    let low = p - width(1 - p, samples: t, alpha: alpha)
    let high = p + width(p, samples: t, alpha: alpha)
    return (low > 0 ? low : nil, high < 1 ? high : nil)
  }
}
