import Foundation

/// Counts of latencies in buckets 2 % wide from 0.01 ms to 1,000 s: bounded memory however many requests, and a
/// quantile within 1 %.
package struct LatencyHistogram: Codable, Sendable, Equatable {
  package private(set) var count = 0
  private var buckets: [UInt64] = Array(repeating: 0, count: Self.size)

  private static let least = 0.01
  private static let step = 0.0198026272961797  // ln 1.02
  private static let size = 932

  package init() {}

  /// Milliseconds; false, and not counted, for what is no latency.
  @discardableResult
  package mutating func add(_ milliseconds: Double) -> Bool {
    guard milliseconds >= 0, milliseconds <= 1e9 else { return false }
    let index = milliseconds <= Self.least ? 0 : min(Self.size - 1, Int(log(milliseconds / Self.least) / Self.step))
    buckets[index] &+= 1
    count += 1
    return true
  }

  /// The middle of the bucket that holds the quantile; nil without data.
  package func quantile(_ p: Double) -> Double? {
    guard count > 0, p >= 0, p <= 1 else { return nil }
    let rank = UInt64((p * Double(count)).rounded(.up))
    var seen: UInt64 = 0
    for (index, number) in buckets.enumerated() {
      seen += number
      if seen >= max(1, rank) { return Self.least * exp((Double(index) + 0.5) * Self.step) }
    }
    return nil
  }

  /// Bounds of the quantile at all times together (`QuantileSequence`); nil on a side without one.
  package func bounds(_ p: Double, alpha: Double) -> (low: Double?, high: Double?) {
    let levels = QuantileSequence.levels(p, samples: count, alpha: alpha)
    return (levels.low.flatMap(quantile), levels.high.flatMap(quantile))
  }
}
