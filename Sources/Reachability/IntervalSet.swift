/// A set of whole numbers as sorted, disjoint, maximal, closed intervals. Equal sets have equal representations.
package struct IntervalSet<Bound: FixedWidthInteger & Sendable>: Hashable, Sendable {
  package struct Interval: Hashable, Sendable {
    package var low: Bound
    package var high: Bound

    package init(_ low: Bound, _ high: Bound) {
      self.low = low
      self.high = high
    }
  }

  package private(set) var intervals: [Interval]

  package init() { intervals = [] }
  package init(_ low: Bound, _ high: Bound) { intervals = low <= high ? [Interval(low, high)] : [] }
  package static var everything: Self { Self(.min, .max) }

  /// Intervals in any order, overlapping or not; empty ones (low above high) are left out.
  package init(normalising given: [Interval]) {
    var isNormal = true
    for (index, interval) in given.enumerated() {
      if interval.low > interval.high || (index > 0 && !Self.isApart(given[index - 1], interval)) { isNormal = false }
    }
    if isNormal {
      intervals = given
      return
    }
    intervals = []
    for interval in given.filter({ $0.low <= $0.high }).sorted(by: { $0.low < $1.low }) { append(interval) }
  }

  /// Values in ascending order.
  package init(ascending values: some Sequence<Bound>) {
    intervals = []
    for value in values { append(Interval(value, value)) }
  }

  private static func isApart(_ left: Interval, _ right: Interval) -> Bool {
    left.high < .max && left.high + 1 < right.low
  }

  /// Adds an interval that begins at or after the beginning of the last one.
  private mutating func append(_ interval: Interval) {
    guard let last = intervals.last, !Self.isApart(last, interval) else {
      intervals.append(interval)
      return
    }
    intervals[intervals.count - 1].high = max(last.high, interval.high)
  }

  package var isEmpty: Bool { intervals.isEmpty }
  package var isEverything: Bool { intervals.first.map { $0.low == .min && $0.high == .max } ?? false }

  package func contains(_ value: Bound) -> Bool {
    var low = 0
    var high = intervals.count
    while low < high {
      let middle = (low + high) / 2
      if intervals[middle].high < value { low = middle + 1 } else { high = middle }
    }
    return low < intervals.count && intervals[low].low <= value
  }

  package func union(_ other: Self) -> Self {
    if isEmpty || self == other { return other }
    if other.isEmpty { return self }
    var result = Self()
    result.intervals.reserveCapacity(intervals.count + other.intervals.count)
    var (left, right) = (0, 0)
    while left < intervals.count || right < other.intervals.count {
      if right == other.intervals.count
        || (left < intervals.count && intervals[left].low <= other.intervals[right].low)
      {
        result.append(intervals[left])
        left += 1
      } else {
        result.append(other.intervals[right])
        right += 1
      }
    }
    return result
  }

  package func intersection(_ other: Self) -> Self {
    if isEmpty || self == other { return self }
    if other.isEmpty { return other }
    var result = Self()
    var (left, right) = (0, 0)
    while left < intervals.count, right < other.intervals.count {
      let (a, b) = (intervals[left], other.intervals[right])
      let low = max(a.low, b.low)
      let high = min(a.high, b.high)
      if low <= high { result.intervals.append(Interval(low, high)) }
      if a.high < b.high { left += 1 } else { right += 1 }
    }
    return result
  }

  package func subtracting(_ other: Self) -> Self {
    if isEmpty || other.isEmpty { return self }
    var result = Self()
    var right = 0
    for interval in intervals {
      var low = interval.low
      var isDone = false
      while right < other.intervals.count, other.intervals[right].high < low { right += 1 }
      var index = right
      while index < other.intervals.count, other.intervals[index].low <= interval.high {
        let cut = other.intervals[index]
        if cut.low > low { result.intervals.append(Interval(low, cut.low - 1)) }
        if cut.high >= interval.high {
          isDone = true
          break
        }
        low = cut.high + 1
        index += 1
      }
      if !isDone { result.intervals.append(Interval(low, interval.high)) }
    }
    return result
  }

  /// How many values there are, as far as an `Int` can say it.
  package var count: Int {
    intervals.reduce(0) { sum, interval in
      let size = Int(clamping: interval.high - interval.low)
      let (total, overflow) = sum.addingReportingOverflow(size == Int.max ? size : size + 1)
      return overflow ? Int.max : total
    }
  }
}
