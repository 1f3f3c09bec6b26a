import Foundation

/// Latencies counted in buckets: bounded memory however many requests, from any source that has a histogram.
package struct LatencyCounts: Codable, Sendable, Equatable {
  /// Upper bounds in milliseconds, rising. The last bucket, beyond them all, has none.
  package let bounds: [Double]
  /// One more than there are bounds.
  package private(set) var counts: [Int]

  package static let mostBuckets = 2000

  /// Nil unless the bounds rise and there is one count, from 0 to `ArmCount.greatest`, for each bucket.
  package init?(bounds: [Double], counts: [Int]) {
    guard !bounds.isEmpty, bounds.count <= Self.mostBuckets, counts.count == bounds.count + 1 else { return nil }
    guard bounds.allSatisfy({ $0 > 0 && $0 <= 1e12 }), zip(bounds, bounds.dropFirst()).allSatisfy(<) else { return nil }
    var sum = 0
    for count in counts {
      guard count >= 0 else { return nil }
      let (next, overflow) = sum.addingReportingOverflow(count)
      guard !overflow, next <= ArmCount.greatest else { return nil }
      sum = next
    }
    self.bounds = bounds
    self.counts = counts
  }

  /// Buckets 2 % wide from 0.01 ms to 1,000 s. What is no latency (negative, NaN, more than 1e9 ms) is left out.
  package init(milliseconds values: [Double]) {
    bounds = Self.fineBounds
    counts = Array(repeating: 0, count: Self.fineBounds.count + 1)
    for value in values where value >= 0 && value <= 1e9 {
      let index = value <= Self.least ? 0 : Int((log(value / Self.least) / Self.step).rounded(.up))
      counts[min(index, counts.count - 1)] += 1
    }
  }

  private static let least = 0.01
  private static let step = 0.0198026272961797  // ln 1.02
  private static let fineBounds = (0..<931).map { least * exp(Double($0) * step) }

  package var total: Int { counts.reduce(0, +) }

  /// Nil where the buckets differ or the sums can no longer be held.
  package func adding(_ other: LatencyCounts) -> LatencyCounts? {
    guard bounds == other.bounds else { return nil }
    return LatencyCounts(bounds: bounds, counts: zip(counts, other.counts).map { $0 &+ $1 })
  }

  /// The upper bound of the bucket that holds the quantile: infinite in the last one, nil without data.
  package func quantile(_ p: Double) -> Double? {
    let total = total
    guard total > 0, p >= 0, p <= 1 else { return nil }
    let rank = max(1, Int((p * Double(total)).rounded(.up)))
    var seen = 0
    for (index, count) in counts.enumerated() {
      seen += count
      if seen >= rank { return index < bounds.count ? bounds[index] : .infinity }
    }
    return nil
  }

  /// How many were slower than `bound`, which should be one of `bounds`: buckets that begin below it do not count.
  package func slower(than bound: Double) -> Int {
    guard let first = bounds.firstIndex(where: { $0 >= bound }) else { return 0 }
    return counts[(first + 1)...].reduce(0, +)
  }

  /// The least bound that is not below a value; infinite where there is none.
  package func bound(notBelow value: Double) -> Double { bounds.first { $0 >= value } ?? .infinity }

  /// Bounds of the quantile at all times together (`QuantileSequence`); nil on a side without one.
  package func bounds(_ p: Double, alpha: Double) -> (low: Double?, high: Double?) {
    let levels = QuantileSequence.levels(p, samples: total, alpha: alpha)
    return (levels.low.flatMap(quantile), levels.high.flatMap(quantile))
  }
}
