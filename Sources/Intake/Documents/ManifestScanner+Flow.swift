/// Collections in brackets, and so JSON.
extension ManifestScanner {
  /// A node inside brackets, or a collection in brackets.
  mutating func flowNode() throws(Declined) {
    switch byte(position) {
    case UInt8(ascii: "["): try flowSequence()
    case UInt8(ascii: "{"): try flowMapping()
    case UInt8(ascii: "\""), UInt8(ascii: "'"): try add(try quoted())
    default: try add(try plainScalar(parent: nil))
    }
  }

  private mutating func flowSequence() throws(Declined) {
    let sequence = try open(.sequence, line: line)
    position += 1
    while true {
      try skipFlowGap()
      if byte(position) == UInt8(ascii: "]") { break }
      try flowNode()
      try skipFlowGap()
      if byte(position) == UInt8(ascii: "]") { break }
      try expect(UInt8(ascii: ","))
    }
    position += 1
    close(sequence)
  }

  private mutating func flowMapping() throws(Declined) {
    let mapping = try open(.mapping, line: line)
    let firstKey = keys.count
    position += 1
    while true {
      try skipFlowGap()
      if byte(position) == UInt8(ascii: "}") { break }
      try flowKey()
      try skipFlowGap()
      // A key without a value has its null elsewhere: `plainScalar` declines.
      try flowNode()
      try skipFlowGap()
      if byte(position) == UInt8(ascii: "}") { break }
      try expect(UInt8(ascii: ","))
    }
    position += 1
    try refuseDuplicates(from: firstKey)
    close(mapping)
  }

  private mutating func flowKey() throws(Declined) {
    let start = position
    let token: Token
    switch byte(position) {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): token = try quoted()
    default:
      token = try plainScalar(parent: nil)
      guard token.text == nil, !isMerge(token.start, token.end) else { throw Declined() }
    }
    while byte(position) == 0x20 || byte(position) == 0x09 { position += 1 }
    // A key and its colon are on one line.
    guard token.line == line, position - start <= Self.longestKey else { throw Declined() }
    try expect(UInt8(ascii: ":"))
    try addKey(token)
  }

  private mutating func expect(_ wanted: UInt8) throws(Declined) {
    guard byte(position) == wanted else { throw Declined() }
    position += 1
  }

  private mutating func skipFlowGap() throws(Declined) {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09: position += 1
      case 0x0A: startLine(at: position + 1)
      case UInt8(ascii: "#"):
        guard position == lineStart || isGap(position - 1) else { throw Declined() }
        skipLine()
      default:
        if position == lineStart && isDocumentMarker(position) { throw Declined() }
        return
      }
    }
  }
}
