/// Collections told apart by indentation.
///
/// Each function begins at a token, and ends at the token after its node, which is on a line of its own, or at the end.
extension ManifestScanner {
  private var isEntry: Bool { byte(position) == UInt8(ascii: "-") && isGap(position + 1) }

  /// A node that may begin a collection, inside a collection whose column is `parent`.
  mutating func blockNode(parent: Int) throws(Declined) {
    if isEntry { return try blockSequence(column: column, isIndentless: false) }
    let (column, start) = (column, position)
    switch byte(position) {
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      let token = try quoted()
      if try isKey(token, from: start) { return try blockMapping(column: column, first: token) }
      try add(token)
      try endLine()
    default:
      if let token = try plainKey() { return try blockMapping(column: column, first: token) }
      try inlineNode(parent: parent)
    }
  }

  /// A node behind its key, on the same line: no block collection can begin there.
  private mutating func inlineNode(parent: Int) throws(Declined) {
    switch byte(position) {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): try add(try quoted())
    case UInt8(ascii: "["), UInt8(ascii: "{"): try flowNode()
    case UInt8(ascii: "|"), UInt8(ascii: ">"):
      try add(try blockScalar(parent: parent))
      _ = try toNextToken()
      return
    default: try add(try plainScalar(parent: parent))
    }
    try endLine()
  }

  /// Nothing but a comment can follow a node on its line.
  private mutating func endLine() throws(Declined) {
    guard try toNextToken() else { throw Declined() }
  }

  private mutating func blockMapping(column indent: Int, first: Token) throws(Declined) {
    let mapping = try open(.mapping, line: first.line)
    let firstKey = keys.count
    var key = first
    while true {
      try addKey(key)
      try blockValue(indent)
      if position == bytes.count || column < indent { break }
      guard column == indent else { throw Declined() }
      key = try blockKey()
    }
    try refuseDuplicates(from: firstKey)
    close(mapping)
  }

  private mutating func blockKey() throws(Declined) -> Token {
    let start = position
    if byte(position) == UInt8(ascii: "\"") || byte(position) == UInt8(ascii: "'") {
      let token = try quoted()
      if try isKey(token, from: start) { return token }
    } else if let token = try plainKey() {
      return token
    }
    throw Declined()
  }

  /// What follows the colon of a key in a mapping at column `indent`.
  private mutating func blockValue(_ indent: Int) throws(Declined) {
    let keyLine = line
    guard try toNextToken() else { return try inlineNode(parent: indent) }
    if position == bytes.count || column < indent {
      try addNull(line: keyLine)
    } else if column > indent {
      try blockNode(parent: indent)
    } else if isEntry {
      // The dashes of a list may stand below its key.
      try blockSequence(column: indent, isIndentless: true)
    } else {
      try addNull(line: keyLine)
    }
  }

  private mutating func blockSequence(column indent: Int, isIndentless: Bool) throws(Declined) {
    let sequence = try open(.sequence, line: line)
    while true {
      let entryLine = line
      position += 1
      let lineEnded = try toNextToken()
      if lineEnded && (position == bytes.count || column <= indent) {
        try addNull(line: entryLine)
      } else {
        try blockNode(parent: indent)
      }
      if position == bytes.count || column < indent { break }
      guard column == indent else { throw Declined() }
      if !isEntry {
        guard isIndentless else { throw Declined() }
        break
      }
    }
    close(sequence)
  }

  /// Whether a quoted scalar just read is a key: then the position moves behind its colon.
  private mutating func isKey(_ token: Token, from start: Int) throws(Declined) -> Bool {
    var colon = position
    while byte(colon) == 0x20 { colon += 1 }
    guard byte(colon) == UInt8(ascii: ":"), isGap(colon + 1) else { return false }
    // A key that long, or on several lines, is an error.
    guard token.line == line, colon - start <= Self.longestKey else { throw Declined() }
    position = colon + 1
    return true
  }

  /// The plain key that begins here, with the position behind its colon; nil, with nothing moved, when there is none.
  private mutating func plainKey() throws(Declined) -> Token? {
    guard isPlainStart(inFlow: false) else { return nil }
    var (index, end) = (position, position)
    while index < bytes.count {
      let byte = bytes[index]
      if byte > UInt8(ascii: ":") {
        index += 1
        end = index
        continue
      }
      switch byte {
      case 0x0A: return nil
      case 0x20, 0x09: index += 1
      case UInt8(ascii: ":") where isGap(index + 1):
        guard index - position <= Self.longestKey, !isMerge(position, end) else { throw Declined() }
        defer { position = index + 1 }
        return Token(style: .plain, line: line, start: position, end: end)
      case UInt8(ascii: "#") where isGap(index - 1): return nil
      default:
        index += 1
        end = index
      }
    }
    return nil
  }

  func isMerge(_ start: Int, _ end: Int) -> Bool {
    end - start == 2 && bytes[start] == UInt8(ascii: "<") && bytes[start + 1] == UInt8(ascii: "<")
  }

  /// Yams refuses a mapping with a key that stands twice, and says which: so declining is enough.
  mutating func refuseDuplicates(from first: Int) throws(Declined) {
    guard !hasDuplicates(from: first) else { throw Declined() }
    keys.removeLast(keys.count - first)
  }

  private func hasDuplicates(from first: Int) -> Bool {
    let own = keys[first...]
    var isPlainText = own.count <= 16
    for key in own where nodes[key].isStored || !isASCII(nodes[key]) { isPlainText = false }
    guard isPlainText else {
      // Strings compare as Yams' keys do, by canonical equivalence.
      var seen: Set<String> = []
      for key in own where !seen.insert(text(nodes[key])).inserted { return true }
      return false
    }
    for (offset, key) in own.enumerated() {
      for other in own.prefix(offset) where isSame(nodes[key], nodes[other]) { return true }
    }
    return false
  }

  private func isASCII(_ node: DocumentTree.Node) -> Bool {
    for index in Int(node.start)..<Int(node.end) where bytes[index] >= 0x80 { return false }
    return true
  }

  private func text(_ node: DocumentTree.Node) -> String {
    node.isStored
      ? strings[Int(node.start)] : String(decoding: bytes[Int(node.start)..<Int(node.end)], as: UTF8.self)
  }

  private func isSame(_ left: DocumentTree.Node, _ right: DocumentTree.Node) -> Bool {
    guard left.end - left.start == right.end - right.start else { return false }
    for offset in 0..<Int(left.end - left.start)
    where bytes[Int(left.start) + offset] != bytes[Int(right.start) + offset] {
      return false
    }
    return true
  }
}
