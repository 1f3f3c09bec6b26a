import Diagnostics
import Foundation

enum Soak {
  static var isOn: Bool { ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] != nil }
}

extension Lehmer {
  /// The bytes with one to four small changes: another byte, a gap, a repetition, a piece from elsewhere.
  mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    let pieces = [
      ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "\"", "'", "\n", "  ", "#", "|", "~", "0", "-1", "1e99", "\u{0}",
      "é",
    ]
    for _ in 0...next(4) where !result.isEmpty {
      let place = next(result.count)
      switch next(5) {
      case 0: result[place] = UInt8(next(256))
      case 1: result.removeSubrange(place..<min(result.count, place + 1 + next(12)))
      case 2: result.insert(contentsOf: result[place..<min(result.count, place + 1 + next(40))], at: place)
      case 3: result.insert(contentsOf: Array(pieces[next(pieces.count)].utf8), at: place)
      default:
        let other = next(result.count)
        result.swapAt(place, other)
      }
    }
    return result
  }
}

/// Says what, where and how to cure it.
func isClear(_ error: BulkheadError) -> Bool {
  error.exit == .badInput && !error.message.isEmpty && !error.cure.isEmpty && error.location != nil
}
