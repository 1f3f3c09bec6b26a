/// A moment as RFC 3339 writes it, to be compared with others. No clock, no calendar library.
package struct Moment: Sendable, Hashable, Comparable {
  /// Seconds since 1970-01-01T00:00:00Z.
  package var seconds: Int
  package var nanoseconds: Int

  package static let distantPast = Moment(seconds: .min, nanoseconds: 0)

  private init(seconds: Int, nanoseconds: Int) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// Nil for anything but `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    func number(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[from..<(from + count)] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      return value
    }
    func isMark(_ index: Int, _ marks: String) -> Bool { index < bytes.count && marks.utf8.contains(bytes[index]) }
    guard bytes.count <= 64, let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
      let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2), isMark(4, "-"), isMark(7, "-"),
      isMark(10, "Tt "), isMark(13, ":"), isMark(16, ":"), (1...12).contains(month), (1...31).contains(day),
      hour < 24, minute < 60, second <= 60
    else { return nil }
    var index = 19
    var fraction = 0
    if isMark(index, ".") {
      let start = index + 1
      index = start
      while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
      guard index > start else { return nil }
      for place in 0..<9 { fraction = fraction * 10 + (start + place < index ? Int(bytes[start + place] - 0x30) : 0) }
    }
    var offset = 0
    if isMark(index, "Zz") {
      index += 1
    } else if isMark(index, "+-"), let hours = number(index + 1, 2), let minutes = number(index + 4, 2),
      isMark(index + 3, ":"), hours < 24, minutes < 60
    {
      offset = (hours * 60 + minutes) * 60 * (isMark(index, "-") ? -1 : 1)
      index += 6
    } else {
      return nil
    }
    guard index == bytes.count else { return nil }
    seconds = Self.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    nanoseconds = fraction
  }

  /// Days since 1970-01-01 in the Gregorian calendar, from the day count of years that begin in March.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + ofYear - 719_468
  }

  package static func < (left: Moment, right: Moment) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}
