/// Finds where a JSON value ends, in bytes that may still be arriving. It counts brackets and knows strings; whether
/// the value is right is for the reader of it.
struct JSONValueScan: Sendable {
  let start: Int
  private var position: Int
  private var depth = 0
  private var isInString = false

  init(start: Int) {
    self.start = start
    position = start
  }

  /// Moves along when bytes before the value are dropped.
  func moved(by count: Int) -> Self {
    var copy = Self(start: start - count)
    (copy.position, copy.depth, copy.isInString) = (position - count, depth, isInString)
    return copy
  }

  /// The index after the value; nil when it goes on beyond the bytes. A value that is neither text nor collection ends
  /// with what delimits it.
  mutating func end(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    let count = bytes.count
    var (index, depth) = (position, depth)
    defer { (position, self.depth) = (index, depth) }
    while index < count {
      if isInString {
        guard let quote = endOfString(base, from: &index, to: count) else { return nil }
        index = quote + 1
        isInString = false
        if depth == 0 { return index }
        continue
      }
      switch base[index] {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return index }
        depth -= 1
        if depth == 0 { return index + 1 }
      case UInt8(ascii: ","), 0x20, 0x0A, 0x0D, 0x09:
        if depth == 0 { return index }
      default: break
      }
      index += 1
    }
    return nil
  }

  /// The index of the closing quote. Without one `index` goes to the end, or before an escape whose second byte has not
  /// arrived.
  private func endOfString(_ base: UnsafePointer<UInt8>, from index: inout Int, to count: Int) -> Int? {
    while true {
      index = JSONTextScan.delimiter(base, from: index, to: count)
      guard index < count else { return nil }
      if base[index] == UInt8(ascii: "\"") { return index }
      guard index + 1 < count else { return nil }
      index += 2
    }
  }
}
