import Foundation

/// What a sidecar may cost: the larger of some milliseconds and a share of the baseline's quantile.
package struct MeshBudget: Codable, Sendable, Equatable {
  package var milliseconds: Double
  package var share: Double

  package init(milliseconds: Double = 5, share: Double = 0.1) {
    self.milliseconds = milliseconds
    self.share = share
  }

  package func allowance(for quantile: Double) -> Double { max(milliseconds, share * quantile) }
  package var isValid: Bool { milliseconds >= 0 && milliseconds <= 1e6 && share >= 0 && share <= 100 }
}

/// Is the canary slower than the baseline by more than the mesh may cost (formula 6's exceedance test)?
///
/// Thresholds are the baseline's p50, p90, p99 and p99.9 of a warm-up, then fixed. From there on, requests slower
/// than the threshold are counted in the baseline, and those slower than threshold plus budget in the canary; each
/// quantile has its one-sided 2×2 test. E is the mean of the four: valid although they share their requests. p99.9
/// is there because a slow tail of 1 % doubles what is beyond p99, but multiplies what is beyond p99.9 by ten.
package struct LatencyTest: Codable, Sendable, Equatable {
  package static let levels: [Double] = [0.5, 0.9, 0.99, 0.999]
  /// Fewer would put the p99.9 anywhere.
  package static let warmUpRequests = 1000

  package let budget: MeshBudget
  /// The baseline's quantiles in milliseconds; empty until the warm-up is over.
  package private(set) var thresholds: [Double] = []
  package private(set) var baselineRequests = 0
  package private(set) var canaryRequests = 0
  /// Values that were no latencies (NaN, negative, absurd).
  package private(set) var refused = 0
  private var tests: [TwoSampleTest] = []
  private var warmUp: LatencyHistogram? = LatencyHistogram()

  package init(budget: MeshBudget = MeshBudget()) { self.budget = budget }

  /// Latencies in milliseconds since the look before. During the warm-up the baseline's set the thresholds, the
  /// canary's are not judged. The look that ends the warm-up is its last.
  package mutating func add(baseline: [Double], canary: [Double]) {
    let (first, second) = (usable(baseline), usable(canary))
    if var histogram = warmUp {
      for value in first { histogram.add(value) }
      if histogram.count >= Self.warmUpRequests {
        thresholds = Self.levels.map { histogram.quantile($0) ?? 0 }
        tests = thresholds.map { _ in .worse }
        warmUp = nil
      } else {
        warmUp = histogram
      }
      return
    }
    baselineRequests += first.count
    canaryRequests += second.count
    for index in tests.indices {
      let slow = first.count { $0 > thresholds[index] }
      let slower = second.count { $0 > thresholds[index] + budget.allowance(for: thresholds[index]) }
      tests[index].add(baseline: [slow, first.count - slow], canary: [slower, second.count - slower])
    }
  }

  private mutating func usable(_ values: [Double]) -> [Double] {
    let good = values.filter { $0 >= 0 && $0 <= 1e9 }
    refused += values.count - good.count
    return good
  }

  /// ln E against "at none of the quantiles is the canary slower by more than the budget".
  package var logE: Double { tests.isEmpty ? 0 : WaveEvidence.mean(tests.map(\.logE)) }

  /// One line for each quantile, for the evidence.
  package var quantiles: [LatencyEvidence] {
    tests.indices.map { index in
      let test = tests[index]
      func share(_ counts: [Double]) -> Double { counts[0] / max(1, counts[0] + counts[1]) }
      return LatencyEvidence(
        level: Self.levels[index], baselineMilliseconds: thresholds[index],
        budgetMilliseconds: budget.allowance(for: thresholds[index]), logE: test.logE,
        baselineSlower: share(test.baseline), canarySlower: share(test.canary))
    }
  }

  package var missing: [String] {
    var reasons: [String] = []
    if refused > 0 { reasons.append("\(refused) latencies were negative, absurd or no numbers and are left out") }
    if let warmUp {
      reasons.append("warm-up: \(warmUp.count) of \(Self.warmUpRequests) latencies of the baseline")
    } else if baselineRequests == 0 || canaryRequests == 0 {
      reasons.append("no latencies of \(baselineRequests == 0 ? "the baseline" : "the canary") since the warm-up")
    }
    return reasons
  }
}

/// What one quantile shows.
package struct LatencyEvidence: Codable, Sendable, Equatable {
  package var level: Double
  package var baselineMilliseconds: Double
  package var budgetMilliseconds: Double
  package var logE: Double
  /// Share of the baseline's requests beyond its quantile since the warm-up.
  package var baselineSlower: Double
  /// Share of the canary's beyond quantile plus budget.
  package var canarySlower: Double
}
