import Foundation

/// Do two arms answer with the same mixture of categories (status classes; or two: success and failure)? Blocks of
/// requests go in, evidence comes out (formula 3; Turner, Ly and Grünwald's e-variables for two samples).
///
/// A block is weighed by shares p_a, p_b estimated from the blocks *before* it (posterior means of a symmetric
/// Dirichlet prior), against their mean p_0 = (n_a p_a + n_b p_b) / (n_a + n_b). With equal true shares, which may
/// differ from block to block, a block's expected factor is A^n_a B^n_b with weighted mean 1, so at most 1.
///
/// One-sided (`worse`): the first category is the bad one, and its estimated share is never smaller in the canary.
/// Then the null "the canary's true share is at most the baseline's" holds as well. Requires two categories.
package struct TwoSampleTest: Codable, Sendable, Equatable {
  package private(set) var baseline: [Double]
  package private(set) var canary: [Double]
  /// ln E; 0 at the start.
  package private(set) var logE = 0.0
  package let oneSided: Bool

  /// Pseudo-count of every category: the value which is best in the worst case for 2×2 tables.
  package static let prior = 0.18

  package init(categories: Int) {
    baseline = Array(repeating: 0, count: max(2, categories))
    canary = baseline
    oneSided = false
  }

  private init(oneSided: Bool) {
    baseline = [0, 0]
    canary = [0, 0]
    self.oneSided = oneSided
  }

  /// For "the canary's share of the first of two categories is at most the baseline's".
  package static var worse: TwoSampleTest { TwoSampleTest(oneSided: true) }

  /// Counts of each category since the block before. False, with nothing changed, where these cannot be counts.
  @discardableResult
  package mutating func add(baseline block: [Int], canary other: [Int]) -> Bool {
    guard block.count == baseline.count, other.count == baseline.count,
      (block + other).allSatisfy({ $0 >= 0 && $0 <= ArmCount.greatest })
    else { return false }
    let (first, second) = (block.map(Double.init), other.map(Double.init))
    let (total, otherTotal) = (first.reduce(0, +), second.reduce(0, +))
    if total > 0, otherTotal > 0 {
      let (p, q) = shares()
      for index in p.indices {
        let pooled = (total * p[index] + otherTotal * q[index]) / (total + otherTotal)
        logE += first[index] * Self.logRatio(p[index], pooled) + second[index] * Self.logRatio(q[index], pooled)
      }
    }
    for index in first.indices {
      baseline[index] += first[index]
      canary[index] += second[index]
    }
    return true
  }

  /// ln(share / pooled), by its difference: at counts of 1e18 the two agree in most digits.
  private static func logRatio(_ share: Double, _ pooled: Double) -> Double { log1p((share - pooled) / pooled) }

  private func shares() -> ([Double], [Double]) {
    func means(_ counts: [Double]) -> [Double] {
      let total = counts.reduce(0, +) + Self.prior * Double(counts.count)
      return counts.map { ($0 + Self.prior) / total }
    }
    let (p, q) = (means(baseline), means(canary))
    return oneSided && q[0] <= p[0] ? (p, p) : (p, q)
  }
}
