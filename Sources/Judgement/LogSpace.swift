import Foundation

/// Sums and differences of numbers that are held as natural logarithms, without overflow or loss of precision.
enum LogSpace {
  /// ln Σ exp(terms); minus infinity for no terms.
  static func sum(_ terms: [Double]) -> Double {
    guard let largest = terms.max(), largest > -.infinity else { return -.infinity }
    guard largest < .infinity else { return .infinity }
    return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
  }

  /// ln(1 + exp(x)).
  static func softplus(_ x: Double) -> Double {
    x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
  }

  /// 1 / (1 + exp(-x)).
  static func logistic(_ x: Double) -> Double {
    x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
  }

  /// ln(1 - exp(x)) for x ≤ 0: from one tail of a distribution to the other.
  static func complement(_ x: Double) -> Double {
    guard x < 0 else { return -.infinity }
    return x > -0.6931471805599453 ? log(-expm1(x)) : log1p(-exp(x))
  }

  /// ln(1 + x) - x without the cancellation that the plain difference has near zero.
  ///
  /// With v = x / (2 + x), ln(1 + x) = 2 artanh v, and 2v - x = -x v.
  static func log1pMinus(_ x: Double) -> Double {
    guard abs(x) < 0.5 else { return log1p(x) - x }
    let v = x / (2 + x)
    let square = v * v
    var power = 1.0
    var series = 0.0
    for term in stride(from: 3.0, through: 39.0, by: 2.0) {
      series += power / term
      power *= square
    }
    return v * (2 * square * series - x)
  }
}
