package import Diagnostics
package import FleetModel

/// A span of time, from `start` up to but not including `end`.
package struct TimeWindow: Sendable, Equatable, Hashable {
  package var start: Instant
  package var end: Instant

  package init(start: Instant, end: Instant) {
    self.start = start
    self.end = end
  }
}

/// When waves may run: from a start, one after the other, never in a frozen time. There is no clock in it.
package struct WaveCalendar: Sendable, Equatable {
  package struct Freeze: Sendable, Equatable {
    package var start: Instant
    /// Nil: until further notice.
    package var end: Instant?
    package var reason: String
    /// Only waves that change one of these wait; nil: every wave.
    package var workloads: Set<ObjectReference>?

    package init(start: Instant, end: Instant?, reason: String, workloads: Set<ObjectReference>? = nil) {
      self.start = start
      self.end = end
      self.reason = reason
      self.workloads = workloads
    }

    func concerns(_ wave: Wave) -> Bool {
      workloads.map { set in wave.workloads.contains(where: set.contains) } ?? true
    }

    func overlaps(_ window: TimeWindow) -> Bool { start < window.end && (end.map { window.start < $0 } ?? true) }
  }
  package var start: Instant
  /// Of one wave, in seconds.
  package var waveSeconds: Int
  package var freezes: [Freeze]

  package init(start: Instant, waveSeconds: Int, freezes: [Freeze]) {
    self.start = start
    self.waveSeconds = waveSeconds
    self.freezes = freezes
  }

  /// Each wave at the earliest time after the one before it that no freeze overlaps.
  /// - Throws: `BulkheadError(.badInput)` when a freeze without an end stands in the way.
  package func scheduled(_ waves: [Wave]) throws(BulkheadError) -> [Wave] {
    var result = waves
    var from = start
    for index in result.indices {
      var window = TimeWindow(start: from, end: from.adding(waveSeconds))
      while let freeze = freezes.filter({ $0.concerns(result[index]) && $0.overlaps(window) })
        .max(by: { ($0.end ?? .latest) < ($1.end ?? .latest) })
      {
        guard let end = freeze.end else {
          throw BulkheadError(
            .badInput,
            "\(result[index].name) can never run: the freeze from \(freeze.start) "
              + "(\(freeze.reason.safeForTerminal)) has no end",
            cure: "give the freeze an end, start the rollout so that it is over before, or shorten the waves")
        }
        window = TimeWindow(start: end, end: end.adding(waveSeconds))
      }
      result[index].window = window
      from = window.end
    }
    return result
  }
}

/// A point in time, in seconds since 1970-01-01T00:00:00Z.
package struct Instant: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var seconds: Int

  package init(seconds: Int) { self.seconds = seconds }

  static let latest = Instant(seconds: .max)

  package static func < (left: Instant, right: Instant) -> Bool { left.seconds < right.seconds }

  package func adding(_ more: Int) -> Instant { Instant(seconds: seconds + more) }

  /// Reads RFC 3339 with seconds, `2026-03-01T08:00:00Z` or with an offset such as `+01:00`; nil for anything else.
  /// Years from 1970 to 9999; no leap seconds.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return bytes[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] == 0x54 || bytes[10] == 0x74,
      bytes[13] == 0x3A, bytes[16] == 0x3A, let year = number(0..<4), let month = number(5..<7),
      let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      year >= 1970, (1...12).contains(month), day >= 1, day <= Self.length(month, year), hour < 24, minute < 60,
      second < 60
    else { return nil }
    var offset = 0
    switch bytes[19] {
    case 0x5A, 0x7A: guard bytes.count == 20 else { return nil }
    case 0x2B, 0x2D:
      guard bytes.count == 25, bytes[22] == 0x3A, let hours = number(20..<22), let minutes = number(23..<25),
        hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 3600 + minutes * 60) * (bytes[19] == 0x2B ? 1 : -1)
    default: return nil
    }
    seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    guard seconds >= 0 else { return nil }
  }

  private static func length(_ month: Int, _ year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days since 1970-01-01 in the Gregorian calendar, with the year taken to begin in March.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + inYear - 719_468
  }

  package var description: String {
    var year = 1970
    var left = seconds / 86_400
    while left >= (Self.length(2, year) == 29 ? 366 : 365) {
      left -= Self.length(2, year) == 29 ? 366 : 365
      year += 1
    }
    var month = 1
    while left >= Self.length(month, year) {
      left -= Self.length(month, year)
      month += 1
    }
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let time = seconds % 86_400
    return "\(year)-\(two(month))-\(two(left + 1))T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))Z"
  }
}
