import Foundation

/// The regularised incomplete beta function I_x(a, b) and its complement, both as logarithms, so that neither tail
/// ever underflows or loses its digits to the other.
///
/// Below 1,000 in the smaller parameter: the even part of the continued fraction DLMF 8.17.22 (modified Lentz). Above,
/// where it would need millions of terms: Gauss–Legendre quadrature of the tail relative to its value at x. Both are
/// written with λ = a - (a+b)x, so that x near 0 or 1 beside huge parameters keeps its digits.
package struct IncompleteBeta: Sendable, Equatable {
  /// ln I_x(a, b).
  package let logLower: Double
  /// ln[1 - I_x(a, b)], the log-survival.
  package let logUpper: Double
  /// ln of I_x(a, b) over x^a (1-x)^b / B(a, b): what stays when the gamma functions cancel.
  let logLowerOverKernel: Double

  /// Requires a, b > 0 and 0 ≤ x ≤ 1.
  package init(_ a: Double, _ b: Double, _ x: Double) {
    guard x > 0 else { (logLower, logUpper, logLowerOverKernel) = (-.infinity, 0, -log(a)); return }
    guard x < 1 else { (logLower, logUpper, logLowerOverKernel) = (0, -.infinity, .infinity); return }
    let kernel = BetaFunction.logKernel(a, b, x)
    let lambda = a.addingProduct(-(a + b), x)
    if x <= (a + 1) / (a + b + 2) {
      logLowerOverKernel = Self.logTail(a, b, x, 1 - x, lambda)
      logLower = min(0, kernel + logLowerOverKernel)
      logUpper = LogSpace.complement(logLower)
    } else {
      logUpper = min(0, kernel + Self.logTail(b, a, 1 - x, x, -lambda))
      logLower = LogSpace.complement(logUpper)
      logLowerOverKernel = logLower - kernel
    }
  }

  /// ln of the lower tail over its kernel, for x not much above the mean; `y` is 1 - x.
  private static func logTail(_ a: Double, _ b: Double, _ x: Double, _ y: Double, _ lambda: Double) -> Double {
    min(a, b) < 1000
      ? log(continuedFraction(a, b, x, y, lambda) / a) : logIntegral(a, b, x, y, lambda)
  }

  /// With the coefficients d of DLMF 8.17.23: 1/(B₀ - d₁d₂/(B₁ - d₃d₄/(B₂ - …))), B(m) = 1 + d(2m) + d(2m+1).
  private static func continuedFraction(
    _ a: Double, _ b: Double, _ x: Double, _ y: Double, _ lambda: Double
  ) -> Double {
    let tiny = 1e-300
    func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var result = away((1 + lambda) / (a + 1))
    var (c, d) = (result, 0.0)
    for index in 1...20_000 {
      let m = Double(index)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let oddBefore = (a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1))
      let oneAndOdd =
        (a * (2 * m + 1) + m * (3 * m + 2) + (a + m) * (lambda + m * y)) / ((a + 2 * m) * (a + 2 * m + 1))
      let (numerator, denominator) = (oddBefore * even, oneAndOdd + even)
      d = 1 / away(denominator + numerator * d)
      c = away(denominator + numerator / c)
      result *= c * d
      if abs(c * d - 1) < 1e-16 { break }
    }
    return 1 / result
  }

  /// ln ∫₀ˣ (t/x)^(a-1) ((1-t)/(1-x))^(b-1) dt / (x(1-x)), both parameters large.
  private static func logIntegral(_ a: Double, _ b: Double, _ x: Double, _ y: Double, _ lambda: Double) -> Double {
    let slope = (lambda - 1 + 2 * x) / (x * y)
    let total = a + b
    let deviation = (a / total * (b / total) / total).squareRoot()
    // Where slope·d + d²/2σ² = 50 the integrand is below 1e-21 of its greatest value; half as far again for its skew.
    let reach = min(x, 150 / (slope + (slope * slope + 100 / (deviation * deviation)).squareRoot()))
    let panels = 12
    let half = reach / Double(2 * panels)
    var integral = 0.0
    for panel in 0..<panels {
      let centre = Double(2 * panel + 1) * half
      for (node, weight) in GaussLegendre.sixteen {
        let d = centre + node * half
        let exponent =
          -d * slope + (a - 1) * LogSpace.log1pMinus(-d / x) + (b - 1) * LogSpace.log1pMinus(d / y)
        integral += weight * exp(exponent)
      }
    }
    return log(integral * half) - log(x) - log(y)
  }
}

/// Nodes and weights of Gauss–Legendre quadrature on [-1, 1], found by Newton's method on the Legendre polynomial.
private enum GaussLegendre {
  static let sixteen: [(node: Double, weight: Double)] = rule(16)

  private static func rule(_ order: Int) -> [(node: Double, weight: Double)] {
    (1...order).map { index in
      var x = cos(.pi * (Double(index) - 0.25) / (Double(order) + 0.5))
      var slope = 0.0
      for _ in 0..<20 {
        var (previous, value) = (1.0, x)
        for degree in 2...order {
          let n = Double(degree)
          (previous, value) = (value, ((2 * n - 1) * x * value - (n - 1) * previous) / n)
        }
        slope = Double(order) * (x * value - previous) / (x * x - 1)
        x -= value / slope
      }
      return (x, 2 / ((1 - x * x) * slope * slope))
    }
  }
}
