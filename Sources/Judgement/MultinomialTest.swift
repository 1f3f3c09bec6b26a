import Foundation

/// Evidence against "events fall into k categories with these chances" (formula 2: a Dirichlet mixture). For traffic
/// that is not split as configured (a sample ratio mismatch voids every comparison of arms), and for status classes
/// against a known mixture. State: one count for each category.
package struct MultinomialTest: Codable, Sendable, Equatable {
  package let chances: [Double]
  /// Prior of each category; 1 is uniform over all mixtures.
  package let concentration: Double
  package private(set) var counts: [Double]

  /// Nil unless there are at least two chances, all positive, with sum 1.
  package init?(chances: [Double], concentration: Double = 1) {
    guard chances.count >= 2, chances.allSatisfy({ $0 > 0 && $0 < 1 }), abs(chances.reduce(0, +) - 1) < 1e-9,
      concentration > 0, concentration < 1e6
    else { return nil }
    self.chances = chances
    self.concentration = concentration
    counts = chances.map { _ in 0 }
  }

  /// Events of each category since the call before. False, with nothing changed, where these cannot be counts.
  @discardableResult
  package mutating func add(_ events: [Int]) -> Bool {
    guard events.count == counts.count, events.allSatisfy({ $0 >= 0 && $0 <= ArmCount.greatest }) else { return false }
    for (index, count) in events.enumerated() { counts[index] += Double(count) }
    return true
  }

  /// ln E = ln B(a + S) - ln B(a) - Σ S ln chance, as a chain of binary splits: category against all later ones. Each
  /// step is a beta-binomial, and a beta function of large arguments loses no digits to cancelling gammas.
  package var logE: Double {
    var result = 0.0
    var rest = counts.reduce(0, +)
    var chanceLeft = 1.0
    for index in 0..<(counts.count - 1) {
      let count = counts[index]
      rest = max(0, rest - count)
      let later = concentration * Double(counts.count - index - 1)
      let chance = min(1, chances[index] / chanceLeft)
      // ln x^a (1-x)^b / B(a, b) at the null, prior over posterior.
      result +=
        BetaFunction.logKernel(concentration, later, chance)
        - BetaFunction.logKernel(concentration + count, later + rest, chance)
      chanceLeft -= chances[index]
    }
    return result
  }
}
