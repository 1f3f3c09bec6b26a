/// Texts, numbers and words.
extension JSONReader {
  mutating func literal(_ word: StaticString) throws(Problem) {
    let length = word.utf8CodeUnitCount
    guard bytes.count - position >= length else { throw problem("the text ends too early") }
    for index in 0..<length where bytes[position + index] != word.utf8Start[index] {
      throw problem("'\(word)' is written wrongly")
    }
    advance(to: position + length)
  }

  /// Goes over a number: the characters of one, at least one digit among them.
  mutating func number() throws(Problem) {
    var index = position
    var digits = 0
    loop: while index < bytes.count {
      switch bytes[index] {
      case 0x30...0x39: digits += 1
      case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): break
      default: break loop
      }
      index += 1
    }
    guard digits > 0 else { throw problem("a number has no digits") }
    advance(to: index)
  }

  mutating func skipText() throws(Problem) {
    var index = position + 1
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        advance(to: index + 1)
        return
      case UInt8(ascii: "\\"): index += 2
      case 0..<0x20: throw Problem(offset: index, message: "a control character stands in a text")
      default: index += 1
      }
    }
    throw Problem(offset: bytes.count, message: "the report ends in the middle of a text: it is cut off")
  }

  /// A text, its escapes undone, cut at `longestText`.
  mutating func text() throws(Problem) -> String {
    let start = position + 1
    try skipText()
    let end = min(position - 1, start + Self.longestText)
    var slice = bytes[start..<end]
    // Not in the middle of a character.
    while !slice.isEmpty, bytes[slice.endIndex] & 0xC0 == 0x80 { slice.removeLast() }
    if slice.contains(UInt8(ascii: "\\")) { return try unescaped(slice) }
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw Problem(offset: start, message: "a text is not valid UTF-8")
    }
    return text
  }

  private func unescaped(_ slice: ArraySlice<UInt8>) throws(Problem) -> String {
    var result: [UInt8] = []
    var index = slice.startIndex
    while index < slice.endIndex {
      let byte = slice[index]
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        index += 1
        continue
      }
      // An escape that was cut off with the text's end.
      guard index + 1 < slice.endIndex else { break }
      let escape = slice[index + 1]
      index += 2
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"): result += Array(String(try scalar(slice, &index)).utf8)
      default: throw Problem(offset: index - 1, message: "an escape that JSON does not know")
      }
    }
    guard let text = String(validating: result, as: UTF8.self) else {
      throw Problem(offset: slice.startIndex, message: "a text is not valid UTF-8")
    }
    return text
  }

  /// The character of `\uXXXX`, or of two that make a pair; a half of a pair becomes U+FFFD.
  private func scalar(_ slice: ArraySlice<UInt8>, _ index: inout Int) throws(Problem) -> Unicode.Scalar {
    let replacement: Unicode.Scalar = "\u{FFFD}"
    let first = try hexadecimal(slice, &index)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, index + 1 < slice.endIndex, slice[index] == UInt8(ascii: "\\"),
      slice[index + 1] == UInt8(ascii: "u")
    else { return replacement }
    var after = index + 2
    let second = try hexadecimal(slice, &after)
    guard (0xDC00...0xDFFF).contains(second) else { return replacement }
    index = after
    return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? replacement
  }

  private func hexadecimal(_ slice: ArraySlice<UInt8>, _ index: inout Int) throws(Problem) -> UInt32 {
    // Cut off with the text's end.
    guard index + 4 <= slice.endIndex else {
      guard slice.count == Self.longestText else {
        throw Problem(offset: index, message: "an escape \\u has fewer than four digits")
      }
      index = slice.endIndex
      return 0xFFFD
    }
    var value: UInt32 = 0
    for offset in 0..<4 {
      let byte = slice[index + offset]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x37
      case 0x61...0x66: digit = byte - 0x57
      default: throw Problem(offset: index + offset, message: "an escape \\u has a character that is no digit")
      }
      value = value << 4 | UInt32(digit)
    }
    index += 4
    return value
  }
}
