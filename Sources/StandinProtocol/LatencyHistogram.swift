import Glibc

/// Counts of latencies in buckets that grow by 10 %: bucket b holds [1.1^b, 1.1^(b+1)) × 0.1 ms. Everything below
/// 0.11 ms, negative and undefined values included, is in bucket 0; everything from about 16 s on is in the last one.
package struct LatencyHistogram: Sendable, Equatable {
  package static let lastBucket = 126

  /// `counts[b]`; as long as the highest bucket in use needs.
  private var counts: [Int] = []
  package private(set) var total = 0

  package init() {}

  /// The histogram behind the `[bucket, count]` pairs of a report; nil when they are not such pairs, so that a broken
  /// sender is noticed instead of counted.
  package init?(pairs: [[Int]]) {
    for pair in pairs {
      guard pair.count == 2, (0...Self.lastBucket).contains(pair[0]), pair[1] >= 0 else { return nil }
      guard !total.addingReportingOverflow(pair[1]).overflow else { return nil }
      add(bucket: pair[0], count: pair[1])
    }
  }

  /// `[bucket, count]` for every bucket in use, in rising order.
  package var pairs: [[Int]] {
    counts.indices.filter { counts[$0] > 0 }.map { [$0, counts[$0]] }
  }

  package mutating func record(milliseconds: Double) {
    add(bucket: Self.bucket(ofMilliseconds: milliseconds), count: 1)
  }

  package mutating func merge(_ other: LatencyHistogram) {
    for (bucket, count) in other.counts.enumerated() where count > 0 { add(bucket: bucket, count: count) }
  }

  /// What was recorded since `earlier`, an older state of this histogram.
  package func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
    var result = LatencyHistogram()
    for (bucket, count) in counts.enumerated() {
      let before = bucket < earlier.counts.count ? earlier.counts[bucket] : 0
      if count > before { result.add(bucket: bucket, count: count - before) }
    }
    return result
  }

  package mutating func removeAll() {
    counts.removeAll(keepingCapacity: true)
    total = 0
  }

  private mutating func add(bucket: Int, count: Int) {
    while counts.count <= bucket { counts.append(0) }
    counts[bucket] += count
    total += count
  }

  /// The bounds, in milliseconds, of the bucket that holds the q-quantile by nearest rank (the ⌈q·n⌉-th smallest
  /// value, at least the first); nil when there are no values. `q` outside 0…1 means the nearer end.
  package func quantileBounds(_ q: Double) -> Range<Double>? {
    position(of: q).map { Self.lowerBound($0.bucket)..<Self.lowerBound($0.bucket + 1) }
  }

  /// An estimate of the q-quantile in milliseconds, log-linear within its bucket and therefore less than 10 % away
  /// from the value itself (buckets 0 and last excepted).
  package func quantile(_ q: Double) -> Double? {
    guard let position = position(of: q) else { return nil }
    return Self.lowerBound(position.bucket) * pow(1.1, position.fraction)
  }

  private func position(of q: Double) -> (bucket: Int, fraction: Double)? {
    guard total > 0 else { return nil }
    let clamped = q.isNaN ? 0 : min(max(q, 0), 1)
    let rank = min(max(Int((clamped * Double(total)).rounded(.up)), 1), total)
    var before = 0
    for (bucket, count) in counts.enumerated() {
      if before + count >= rank { return (bucket, (Double(rank - before) - 0.5) / Double(count)) }
      before += count
    }
    return nil
  }

  /// Lower bound of a bucket in milliseconds (of bucket 0 too, although that one takes everything below).
  package static func lowerBound(_ bucket: Int) -> Double { bounds[min(max(bucket, 0), lastBucket + 1)] }

  package static func bucket(ofMilliseconds milliseconds: Double) -> Int {
    guard milliseconds >= bounds[1] else { return 0 }
    guard milliseconds < bounds[lastBucket] else { return lastBucket }
    // The logarithm may fall on the wrong side of a bound by rounding; the table of bounds decides.
    var bucket = Int(log(milliseconds * 10) * inverseLogBase)
    while bucket > 0, milliseconds < bounds[bucket] { bucket -= 1 }
    while bucket < lastBucket, milliseconds >= bounds[bucket + 1] { bucket += 1 }
    return bucket
  }

  private static let inverseLogBase = 1 / log(1.1)
  private static let bounds: [Double] = (0...lastBucket + 1).map { pow(1.1, Double($0)) * 0.1 }
}
