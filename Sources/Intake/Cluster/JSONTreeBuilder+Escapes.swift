extension JSONTreeBuilder {
  /// A text with escapes, from its first one on.
  mutating func escapedString(from start: Int) throws(JSONProblem) {
    var text = Array(UnsafeBufferPointer(start: base + start, count: position - start))
    while position < end {
      let byte = base[position]
      if byte == UInt8(ascii: "\"") {
        var node = scalar(strings.count, .doubleQuoted)
        (node.isStored, node.end) = (true, 0)
        strings.append(String(decoding: text, as: UTF8.self))
        try append(node)
        position += 1
        return
      }
      guard byte >= 0x20 else { throw problem("a control character in a text") }
      seen |= byte
      position += 1
      if byte == UInt8(ascii: "\\") { try escape(&text) } else { text.append(byte) }
    }
    throw problem("the text ends in the middle of a string")
  }

  private mutating func escape(_ text: inout [UInt8]) throws(JSONProblem) {
    guard position < end else { throw problem("the text ends in the middle of a string") }
    let byte = base[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try unicodeEscape())).utf8)
    default: throw problem("an unknown escape in a text")
    }
  }

  /// A surrogate without its other half becomes U+FFFD, as Go has it.
  private mutating func unicodeEscape() throws(JSONProblem) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let after = position
    guard first < 0xDC00, position + 6 <= end, base[position] == UInt8(ascii: "\\"),
      base[position + 1] == UInt8(ascii: "u")
    else { return "\u{FFFD}" }
    position += 2
    let second = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(second) else {
      position = after
      return "\u{FFFD}"
    }
    return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private mutating func hexadecimal() throws(JSONProblem) -> UInt32 {
    guard position + 4 <= end else { throw problem("the text ends in the middle of a string") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = base[position]
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46, 0x61...0x66: value = value << 4 | UInt32((byte | 0x20) - 0x57)
      default: throw problem("an unknown escape in a text")
      }
      position += 1
    }
    return value
  }
}
