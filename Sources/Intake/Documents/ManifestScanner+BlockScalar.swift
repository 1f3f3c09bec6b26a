/// Literal (`|`) and folded (`>`) scalars.
extension ManifestScanner {
  private enum Chomping { case strip, clip, keep }

  /// The block scalar that begins here, in a collection at column `parent`. The position moves to the first line that
  /// is not in it, behind its blanks.
  mutating func blockScalar(parent: Int) throws(Declined) -> Token {
    let isLiteral = bytes[position] == UInt8(ascii: "|")
    var token = Token(style: isLiteral ? .literal : .folded, line: line)
    let (chomping, increment) = try blockScalarHeader()
    var indent = increment == 0 ? 0 : max(parent, 0) + increment
    scratch.removeAll(keepingCapacity: true)
    var breaks = try blockScalarBreaks(&indent, parent)
    var lineBroken = false
    var wasBlank = false
    while column == indent && position < bytes.count {
      let isBlank = bytes[position] == 0x20 || bytes[position] == 0x09
      if lineBroken {
        if isLiteral || wasBlank || isBlank {
          scratch.append(0x0A)
        } else if breaks == 0 {
          scratch.append(0x20)
        }
      }
      appendBreaks(breaks)
      wasBlank = isBlank
      let start = position
      skipLine()
      scratch += bytes[start..<position]
      lineBroken = position < bytes.count
      if lineBroken { startLine(at: position + 1) }
      breaks = try blockScalarBreaks(&indent, parent)
    }
    if chomping != .strip && lineBroken { scratch.append(0x0A) }
    if chomping == .keep { appendBreaks(breaks) }
    token.text = String(decoding: scratch, as: UTF8.self)
    return token
  }

  private mutating func appendBreaks(_ count: Int) {
    for _ in 0..<count { scratch.append(0x0A) }
  }

  /// The indicators behind `|` or `>`, in either order, up to the next line.
  private mutating func blockScalarHeader() throws(Declined) -> (Chomping, increment: Int) {
    var chomping = Chomping.clip
    var increment = 0
    position += 1
    for _ in 0..<2 {
      switch byte(position) {
      case UInt8(ascii: "+") where chomping == .clip: chomping = .keep
      case UInt8(ascii: "-") where chomping == .clip: chomping = .strip
      case UInt8(ascii: "1")...UInt8(ascii: "9") where increment == 0:
        increment = Int(bytes[position] - UInt8(ascii: "0"))
      default: continue
      }
      position += 1
    }
    guard isGap(position) else { throw Declined() }
    while byte(position) == 0x20 { position += 1 }
    if byte(position) == UInt8(ascii: "#") { skipLine() }
    guard position == bytes.count || bytes[position] == 0x0A else { throw Declined() }
    if position < bytes.count { startLine(at: position + 1) }
    return (chomping, increment)
  }

  /// Goes over indentation and empty lines, and finds the scalar's indentation at the first of them.
  ///
  /// - Returns: the empty lines.
  private mutating func blockScalarBreaks(_ indent: inout Int, _ parent: Int) throws(Declined) -> Int {
    var breaks = 0
    var deepest = 0
    while true {
      while (indent == 0 || column < indent) && byte(position) == 0x20 { position += 1 }
      deepest = max(deepest, column)
      if (indent == 0 || column < indent) && byte(position) == 0x09 { throw Declined() }
      guard byte(position) == 0x0A else { break }
      startLine(at: position + 1)
      breaks += 1
    }
    if indent == 0 { indent = max(deepest, parent + 1, 1) }
    return breaks
  }
}
