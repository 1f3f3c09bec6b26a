import Judgement

/// Counts what running counters grew by in a window.
///
/// Samples are taken as they were scraped; nothing is extrapolated, so the counts are whole. A series that appears in
/// the window counts from zero when its process was known before: the first error of a process makes such a series,
/// and would be missed otherwise. A process that appears with it starts counting at its first sample.
struct SeriesCount {
  let queries: MetricQueries
  let window: MetricWindow
  /// Seconds without a sample after which data are stale, and a hole is one.
  let patience: Double

  func metrics(_ service: String, _ arm: Arm, _ series: [MetricSeries]) -> ArmMetrics {
    var result = ArmMetrics(service: service, arm: arm, window: window, quality: .fresh)
    let requests = series.filter { $0.metric == queries.requests }
    do throws(Refusal) {
      try check(series)
      let counted = try count(requests)
      result.requests = counted.requests
      result.errors = counted.errors
      result.notes = counted.notes
      result.quality = counted.gap.map { .gap($0) } ?? .fresh
      let buckets = series.filter { $0.metric == queries.buckets }
      if !buckets.isEmpty {
        result.latency = latency(buckets, known: knownTargets(requests + buckets))
        if result.latency == nil { result.notes.append("the latencies' buckets do not fit together and are left out") }
      }
    } catch {
      result = ArmMetrics(service: service, arm: arm, window: window, quality: error.quality)
    }
    return result
  }

  private struct Refusal: Error { var quality: DataQuality }

  private struct Counted {
    var requests = 0.0
    var errors: ErrorCounts? = ErrorCounts.none
    var gap: Double?
    var notes: [String] = []
  }

  // MARK: - What cannot be believed

  private func check(_ series: [MetricSeries]) throws(Refusal) {
    for one in series {
      var before = -Double.infinity
      for sample in one.samples {
        guard sample.time.isFinite, sample.time > before else {
          throw Refusal(quality: .broken("times of samples do not ascend"))
        }
        before = sample.time
        if sample.value.isNaN { throw Refusal(quality: .absent("a value is NaN")) }
        guard sample.value >= 0, sample.value <= Double(ArmCount.greatest) else {
          throw Refusal(quality: .broken("a counter is negative, infinite or absurd"))
        }
      }
      guard before <= window.to + 1 else {
        throw Refusal(quality: .broken("a sample is \(before - window.to) s younger than the question"))
      }
    }
  }

  // MARK: - Requests

  private enum Growth: Equatable {
    case by(Double)
    /// Nothing to compare with: counting starts here.
    case starts
    case reset
  }

  private func count(_ series: [MetricSeries]) throws(Refusal) -> Counted {
    guard !series.isEmpty else { throw Refusal(quality: .absent("no series of \(queries.requests) match")) }
    let known = knownTargets(series)
    try checkNews(series)
    var result = Counted()
    var starting: Set<[MetricSeries.Label]> = []
    for one in series {
      switch growth(one, known: known) {
      case .reset: throw Refusal(quality: .reset)
      case .starts: starting.insert(one.target)
      case .by(let count):
        result.requests += count
        if let kind = queries.classify(one) {
          result.errors?.add(count, kind)
        } else {
          result.errors = nil
        }
      }
    }
    if !starting.isEmpty, known.isEmpty { throw Refusal(quality: .absent("counting starts with this answer")) }
    if !starting.isEmpty { result.notes.append("counting starts at \(starting.count) new targets") }
    if result.errors == nil {
      result.notes.append("no label tells errors: expected one of \(queries.codes.joined(separator: ", "))")
    }
    result.gap = longestHole(series)
    return result
  }

  private func knownTargets(_ series: [MetricSeries]) -> Set<[MetricSeries.Label]> {
    Set(series.lazy.filter { $0.samples.contains { $0.time <= window.from } }.map(\.target))
  }

  private func growth(_ series: MetricSeries, known: Set<[MetricSeries.Label]>) -> Growth {
    let base = series.samples.last { $0.time <= window.from }
    let inside = series.samples.filter { $0.time > window.from && $0.time <= window.to }
    guard let first = inside.first, let last = inside.last else { return base == nil ? .starts : .by(0) }
    if base == nil, !known.contains(series.target), inside.count == 1 { return .starts }
    let start = base?.value ?? (known.contains(series.target) ? 0 : first.value)
    var before = start
    for sample in inside {
      if sample.value < before { return .reset }
      before = sample.value
    }
    return .by(last.value - start)
  }

  /// - Throws: where nothing new was measured in the window.
  private func checkNews(_ series: [MetricSeries]) throws(Refusal) {
    let newest = series.compactMap(\.samples.last?.time).max() ?? -.infinity
    if window.to - newest > patience {
      throw Refusal(quality: newest.isFinite ? .stale(window.to - newest) : .absent("the series have no samples"))
    }
    if newest <= window.from { throw Refusal(quality: .absent("nothing was measured since the window began")) }
  }

  /// The longest time beyond patience in which a target gave no sample; nil for none.
  private func longestHole(_ series: [MetricSeries]) -> Double? {
    var times: [[MetricSeries.Label]: Set<Double>] = [:]
    for one in series { times[one.target, default: []].formUnion(one.samples.map(\.time)) }
    var longest = 0.0
    for stamps in times.values {
      let sorted = stamps.sorted()
      let last = sorted.lastIndex { $0 <= window.from } ?? 0
      var before = sorted[last]
      for time in sorted[last...] + [window.to] where time <= window.to {
        longest = max(longest, time - before)
        before = time
      }
    }
    return longest > patience ? longest : nil
  }

  // MARK: - Latencies

  private func latency(_ series: [MetricSeries], known: Set<[MetricSeries.Label]>) -> LatencyCounts? {
    var growths: [Double: (count: Double, series: Int)] = [:]
    for one in series {
      guard let written = one["le"], let bound = written == "+Inf" ? .infinity : Double(written), !bound.isNaN else {
        return nil
      }
      let count: Double
      switch growth(one, known: known) {
      case .reset: return nil
      case .starts: count = 0
      case .by(let growth): count = growth
      }
      let sum = growths[bound] ?? (0, 0)
      growths[bound] = (sum.count + count, sum.series + 1)
    }
    // Sums of buckets with other bounds would not be cumulative any more.
    guard let first = growths.first?.value.series, growths.values.allSatisfy({ $0.series == first }) else { return nil }
    return Self.counts(growths.map { ($0.key * queries.millisecondsPerUnit, $0.value.count) })
  }

  /// From cumulative counts by upper bound in milliseconds. Nil where a count falls: the buckets were not read at the
  /// same moment, or lie.
  static func counts(_ cumulative: [(upTo: Double, count: Double)]) -> LatencyCounts? {
    var bounds: [Double] = []
    var counts: [Int] = []
    var (before, pending) = (0.0, 0)
    for (upTo, count) in cumulative.sorted(by: { $0.upTo < $1.upTo }) {
      guard let own = Int(exactly: count - before), own >= 0 else { return nil }
      before = count
      // A bucket for what takes no time at all belongs to the next one.
      guard upTo > 0 else {
        pending += own
        continue
      }
      if upTo.isFinite { bounds.append(upTo) }
      counts.append(own + pending)
      pending = 0
    }
    // Envoy's JSON has no bucket without a bound.
    if counts.count == bounds.count { counts.append(0) }
    return LatencyCounts(bounds: bounds, counts: counts)
  }
}
