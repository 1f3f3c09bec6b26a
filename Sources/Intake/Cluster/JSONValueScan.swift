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
    let count = bytes.count
    while position < count {
      if isInString {
        guard let quote = endOfString(bytes) else { return nil }
        position = quote + 1
        isInString = false
        if depth == 0 { return position }
        continue
      }
      switch bytes[position] {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return position }
        depth -= 1
        if depth == 0 { return position + 1 }
      case UInt8(ascii: ","), 0x20, 0x0A, 0x0D, 0x09:
        if depth == 0 { return position }
      default: break
      }
      position += 1
    }
    return nil
  }

  /// The index of the closing quote. Stops before an escape whose second byte has not arrived.
  private mutating func endOfString(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let count = bytes.count
    var index = position
    while index < count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") { return index }
      if byte == UInt8(ascii: "\\") {
        guard index + 1 < count else { break }
        index += 1
      }
      index += 1
    }
    position = index
    return nil
  }
}
