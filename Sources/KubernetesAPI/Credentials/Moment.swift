import Glibc

/// Points in time as texts have them, in seconds since 1970 (UTC).
enum Moment {
  static var now: Int { time(nil) }

  /// RFC 3339 such as `2026-01-31T12:00:00Z`, fractions cut off.
  static func rfc3339(_ text: String) -> Int? {
    let parts = Array(text.utf8)
    guard parts.count >= 20, parts[4] == 0x2D, parts[7] == 0x2D, parts[10] | 0x20 == 0x74, parts[13] == 0x3A,
      parts[16] == 0x3A
    else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= parts.count, parts[range].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return parts[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19)
    else { return nil }
    var index = 19
    if parts[index] == 0x2E {
      index += 1
      while index < parts.count, (0x30...0x39).contains(parts[index]) { index += 1 }
    }
    guard let local = seconds(year, month, day, hour, minute, second), index < parts.count else { return nil }
    if parts[index] | 0x20 == 0x7A { return index + 1 == parts.count ? local : nil }
    guard parts[index] == 0x2B || parts[index] == 0x2D, parts.count == index + 6, parts[index + 3] == 0x3A,
      let hours = number(index + 1..<index + 3), let minutes = number(index + 4..<index + 6)
    else { return nil }
    return local - (parts[index] == 0x2B ? 1 : -1) * (hours * 3600 + minutes * 60)
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// The header `Date`, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func httpDate(_ text: String) -> Int? {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let year = Int(words[3]),
      let month = months.firstIndex(of: words[2])
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int($0) }
    guard clock.count == 3 else { return nil }
    return seconds(year, month + 1, day, clock[0], clock[1], clock[2])
  }

  private static func seconds(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int
  ) -> Int? {
    guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    // Days from the civil calendar, with years that begin in March.
    let shifted = month <= 2 ? year - 1 : year
    let (era, ofEra) = (shifted / 400, shifted % 400)
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let days = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    return days * 86_400 + hour * 3_600 + minute * 60 + second
  }
}
