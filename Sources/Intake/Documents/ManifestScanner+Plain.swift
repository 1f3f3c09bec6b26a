/// Scalars without quotes.
extension ManifestScanner {
  func isPlainStart(inFlow: Bool) -> Bool {
    switch byte(position) {
    case 0, 0x09, 0x0A, 0x20: false
    case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"),
      UInt8(ascii: "#"), UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"), UInt8(ascii: "|"), UInt8(ascii: ">"),
      UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "`"):
      false
    case UInt8(ascii: "-"): !isGap(position + 1)
    case UInt8(ascii: "?"), UInt8(ascii: ":"): !inFlow && !isGap(position + 1)
    default: true
    }
  }

  /// A plain scalar on one or several lines.
  ///
  /// - Parameter parent: the column of the collection it is in, whose lines end it; nil inside brackets.
  mutating func plainScalar(parent: Int?) throws(Declined) -> Token {
    guard isPlainStart(inFlow: parent == nil) else { throw Declined() }
    var token = Token(style: .plain, line: line, start: position)
    token.end = try plainLine(inFlow: parent == nil)
    var isFolded = false
    while byte(position) == 0x0A, let breaks = try toContinuation(parent: parent) {
      let start = position
      let end = try plainLine(inFlow: parent == nil)
      if end == start { break }
      if !isFolded {
        scratch.removeAll(keepingCapacity: true)
        scratch += bytes[token.start..<token.end]
        isFolded = true
      }
      fold(breaks)
      scratch += bytes[start..<end]
    }
    if isFolded { token.text = String(decoding: scratch, as: UTF8.self) }
    return token
  }

  /// One line break is a space; of several the first is dropped.
  mutating func fold(_ breaks: Int) {
    if breaks == 1 {
      scratch.append(0x20)
    } else {
      scratch.append(contentsOf: repeatElement(0x0A, count: breaks - 1))
    }
  }

  /// Goes from the end of a line to the line that continues a plain scalar.
  ///
  /// - Returns: the line breaks before it; nil, with nothing moved, when the scalar has ended.
  private mutating func toContinuation(parent: Int?) throws(Declined) -> Int? {
    var index = position
    var start = index
    var breaks = 0
    while byte(index) == 0x0A {
      breaks += 1
      start = index + 1
      index = start
      while byte(index) == 0x20 { index += 1 }
      if byte(index) == 0x09 { throw Declined() }
    }
    guard index < bytes.count, bytes[index] != UInt8(ascii: "#") else { return nil }
    if let parent, index - start <= parent { return nil }
    if index == start && isDocumentMarker(index) { throw Declined() }
    position = index
    lineStart = start
    line += breaks
    return breaks
  }

  /// Goes over a plain scalar's part on this line, to what ends it.
  ///
  /// - Returns: the index after its last byte that is no blank.
  private mutating func plainLine(inFlow: Bool) throws(Declined) -> Int {
    var end = position
    while position < bytes.count {
      switch bytes[position] {
      case 0x0A: return end
      case 0x20, 0x09:
        position += 1
        continue
      case UInt8(ascii: "#"):
        if position > 0 && isGap(position - 1) { return end }
      case UInt8(ascii: ":"):
        if isGap(position + 1) { return end }
        // An error in libyaml.
        if inFlow && (isBracketOrComma(position + 1) || byte(position + 1) == UInt8(ascii: "?")) { throw Declined() }
      default:
        if inFlow && isBracketOrComma(position) { return end }
      }
      position += 1
      end = position
    }
    return end
  }

  private func isBracketOrComma(_ index: Int) -> Bool {
    switch byte(index) {
    case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"): true
    default: false
    }
  }
}
