import Foundation

/// The gamma and beta functions in logarithms, for arguments up to 1e18.
package enum BetaFunction {
  /// ln Γ(x) for x > 0.
  package static func logGamma(_ x: Double) -> Double {
    guard x >= 10 else { return lgamma(x) }
    return (x - 0.5) * log(x) - x + halfLogTwoPi + stirlingRemainder(x)
  }

  /// ln B(a, b) for a, b > 0, also where a and b differ by many orders of magnitude.
  package static func logBeta(_ a: Double, _ b: Double) -> Double {
    let small = min(a, b)
    let large = max(a, b)
    guard large >= 10 else { return lgamma(a) + lgamma(b) - lgamma(a + b) }
    let share = small / (small + large)
    let remainder = stirlingRemainder(large) - stirlingRemainder(small + large)
    let largePart = (large - 0.5) * log1p(-share) + remainder
    guard small >= 10 else { return lgamma(small) + small - small * log(small + large) + largePart }
    return (small - 0.5) * log(share) - 0.5 * log(small + large) + largePart + halfLogTwoPi
      + stirlingRemainder(small)
  }

  /// ln[x^a (1-x)^b / B(a, b)], the factor before every expansion of the incomplete beta function.
  ///
  /// Written with deviances, so that the large terms cancel exactly and what is left keeps its digits at counts of
  /// 1e15: with e = (a+b)x - a, the two exponents are a[ln(1+e/a) - e/a] + b[ln(1-e/b) + e/b].
  static func logKernel(_ a: Double, _ b: Double, _ x: Double) -> Double {
    let total = a + b
    let excess = (-a).addingProduct(total, x)
    // Far below the mean, 1 + excess / a would cancel.
    let first = x * total < 0.5 * a ? log(x * total / a) - excess / a : LogSpace.log1pMinus(excess / a)
    let second = (1 - x) * total < 0.5 * b ? log((1 - x) * total / b) + excess / b : LogSpace.log1pMinus(-excess / b)
    let deviance = a * first + b * second
    let scale = 0.5 * (log(a) + log(b) - log(total)) - halfLogTwoPi
    return deviance + scale - (stirlingRemainder(a) + stirlingRemainder(b) - stirlingRemainder(total))
  }

  static let halfLogTwoPi = 0.9189385332046727

  /// ln Γ(x) minus Stirling's (x - 1/2) ln x - x + ln(2π)/2.
  static func stirlingRemainder(_ x: Double) -> Double {
    guard x >= 10 else { return lgamma(x) - ((x - 0.5) * log(x) - x + halfLogTwoPi) }
    // Bernoulli numbers over 2k(2k-1) x^(2k-1), DLMF 5.11.1; the term left out is below 1e-17 for x ≥ 10.
    let coefficients: [Double] = [
      1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156, -3617.0 / 122400,
    ]
    let inverseSquare = 1 / (x * x)
    return coefficients.reversed().reduce(0) { $0 * inverseSquare + $1 } / x
  }

  private static func lgamma(_ x: Double) -> Double { Foundation.lgamma(x) }
}
