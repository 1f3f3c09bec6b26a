import Foundation

/// A confidence sequence for the canary's error rate over the baseline's, valid at every look at once.
///
/// A ratio ρ is left out when exp(predicted - likelihood(ρ)) reaches 1/α. The predicted likelihood of a look is
/// beta-binomial, around what was seen *before* it, with that look's own traffic; with constant and equal traffic it
/// is formula 1 with a Beta(1/2, 1/2) prior. The likelihood at any ρ is kept as at most four groups of looks with
/// alike traffic, each by its mean and variance (half of a group's errors one standard deviation above the mean, half
/// below: exact to third order); up to four different traffic ratios lose nothing. This rounding touches the interval
/// alone, which is for display; verdicts come from `LikelihoodGrid`. Requires a ratio that does not change; where it
/// does, the interval is about its mean.
struct RatioSequence: Codable, Sendable, Equatable {
  /// Errors of both arms at looks of nearly the same traffic ratio; mean and variance of its logarithm.
  private struct Group: Codable, Sendable, Equatable {
    var errors: Double
    var logTraffic: Double
    var variance = 0.0

    /// Mean over the group of a function of the logarithm.
    func mean(_ function: (Double) -> Double) -> Double {
      guard variance > 0 else { return function(logTraffic) }
      let deviation = variance.squareRoot()
      return (function(logTraffic - deviation) + function(logTraffic + deviation)) / 2
    }
  }

  private var groups: [Group] = []
  private var canaryErrors = 0.0
  private var offset = 0.0
  private var logPredicted = 0.0

  /// `logTraffic` is ln of canary requests over baseline requests.
  mutating func add(canaryErrors: Double, errors: Double, logTraffic: Double) {
    let (a, b) = prediction(at: logTraffic)
    // In brackets: b + errors - canaryErrors would be 0 where 1e18 errors were all the canary's.
    logPredicted +=
      BetaFunction.logBeta(a + canaryErrors, b + (errors - canaryErrors)) - BetaFunction.logBeta(a, b)
    self.canaryErrors += canaryErrors
    offset += canaryErrors * logTraffic
    if let same = groups.firstIndex(where: { $0.variance == 0 && $0.logTraffic == logTraffic }) {
      groups[same].errors += errors
    } else {
      groups.append(Group(errors: errors, logTraffic: logTraffic))
    }
    if groups.count > 4 { mergeNearest() }
  }

  /// The bounds of ln ratio; infinite where the data set none. The point of best fit alone where nothing is left,
  /// which means that the ratio is not constant.
  func bounds(alpha: Double) -> (low: Double, high: Double) {
    guard !groups.isEmpty else { return (-.infinity, .infinity) }
    let limit = logPredicted + log(alpha) - 1e-14 * (abs(logPredicted) + abs(offset))
    let fit = bestFit(extra: 0)
    guard logLikelihood(fit) > limit else { return (fit, fit) }
    func edge(_ end: Double) -> Double {
      if logLikelihood(end) > limit { return end < 0 ? -.infinity : .infinity }
      var (inside, outside) = (fit, end)
      for _ in 0..<80 {
        let middle = (inside + outside) / 2
        if logLikelihood(middle) > limit { inside = middle } else { outside = middle }
      }
      return outside
    }
    return (edge(-Self.reach), edge(Self.reach))
  }

  /// Ratios beyond exp(±60) are held to be 0 and infinite.
  private static let reach = 60.0

  private func logLikelihood(_ logRatio: Double) -> Double {
    groups.reduce(offset + canaryErrors * logRatio) { sum, group in
      sum - group.errors * group.mean { LogSpace.softplus($0 + logRatio) }
    }
  }

  /// The ln ratio of greatest likelihood, with `extra` pseudo-errors split evenly at a ratio of 1: Newton's method,
  /// kept inside a bracket by bisection.
  private func bestFit(extra: Double) -> Double {
    let wanted = canaryErrors + extra / 2
    var (low, high) = (-Self.reach, Self.reach)
    var x = 0.0
    for _ in 0..<100 {
      var expected = extra * LogSpace.logistic(x)
      var slope = extra * Self.spread(x)
      for group in groups {
        expected += group.errors * group.mean { LogSpace.logistic($0 + x) }
        slope += group.errors * group.mean { Self.spread($0 + x) }
      }
      if expected < wanted { low = x } else { high = x }
      let newton = x + (wanted - expected) / slope
      let next = newton > low && newton < high ? newton : (low + high) / 2
      if abs(next - x) < 1e-12 { return next }
      x = next
    }
    return x
  }

  /// Variance of an event whose chance has the log odds `x`.
  private static func spread(_ x: Double) -> Double { LogSpace.logistic(x) * LogSpace.logistic(-x) }

  /// The Beta distribution, for an error's chance of being the canary's, that the looks so far lead to.
  private func prediction(at logTraffic: Double) -> (a: Double, b: Double) {
    let fit = groups.isEmpty ? 0 : bestFit(extra: 1)
    let information = groups.reduce(Self.spread(fit)) { sum, group in
      sum + group.errors * group.mean { Self.spread($0 + fit) }
    }
    let chance = LogSpace.logistic(logTraffic + fit)
    let other = LogSpace.logistic(-logTraffic - fit)
    // Any prediction is valid; one sharper than 1e18 errors could make would only lose its digits.
    let (a, b) = (information / other, information / chance)
    let shrink = min(1, Self.sharpest / (a + b))
    return (max(a * shrink, 1e-12), max(b * shrink, 1e-12))
  }

  private static let sharpest = 1e18

  /// Merges the two groups whose pooling costs the least likelihood.
  private mutating func mergeNearest() {
    groups.sort { ($0.logTraffic, $0.errors) < ($1.logTraffic, $1.errors) }
    func cost(_ index: Int) -> Double {
      let (left, right) = (groups[index], groups[index + 1])
      let gap = right.logTraffic - left.logTraffic
      return left.errors / (left.errors + right.errors) * right.errors * gap * gap
    }
    let index = (0..<(groups.count - 1)).min { cost($0) < cost($1) } ?? 0
    let (left, right) = (groups[index], groups.remove(at: index + 1))
    let errors = left.errors + right.errors
    let (leftShare, rightShare) = (left.errors / errors, right.errors / errors)
    let gap = right.logTraffic - left.logTraffic
    groups[index] = Group(
      errors: errors, logTraffic: left.logTraffic + gap * rightShare,
      variance: left.variance * leftShare + right.variance * rightShare + gap * gap * leftShare * rightShare)
  }
}
