/// Reads the YAML that manifests are written in, and JSON, in one pass over the bytes.
///
/// It gives exactly the tree that Yams gives, or declines: at anchors, aliases, tags, directives, merge keys, complex
/// keys, tabs in indentation, at every error, and wherever two parsers might differ. Its rules are therefore those of
/// libyaml (`scanner.c`, `parser.c`), not those of the YAML specification. Time and memory are linear in the bytes.
struct ManifestScanner {
  /// The document is for Yams.
  struct Declined: Error {}

  /// A scalar that has been read, but is not in the tree yet.
  struct Token {
    var style: DocumentTree.Style
    var line: Int
    var start = 0
    var end = 0
    /// The text where it differs from the bytes.
    var text: String?
  }

  /// libyaml's bound for a key and its colon, in characters: 1024. Bytes are counted here, so it is undercut.
  static let longestKey = 1000

  let bytes: [UInt8]
  var position = 0
  var line = 1
  /// The index of the first byte of the line.
  var lineStart = 0
  var nodes: [DocumentTree.Node] = []
  var strings: [String] = []
  /// The text of a scalar in the making.
  var scratch: [UInt8] = []
  /// The keys of all mappings that are open, those of the innermost last.
  var keys: [Int] = []
  var depth = 0

  /// The tree of a document; nil where it is for Yams.
  static func tree(of document: RawDocument) -> DocumentTree? {
    guard document.bytes.count <= IntakeLimits.documentBytes, let bytes = plainBytes(of: document.bytes) else {
      return nil
    }
    var scanner = ManifestScanner(bytes: bytes)
    do {
      try scanner.document()
    } catch {
      return nil
    }
    return DocumentTree(bytes: bytes, nodes: scanner.nodes, strings: scanner.strings)
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
    // Manifests have a scalar for each 14 bytes or so.
    nodes.reserveCapacity(min(bytes.count / 10 + 16, IntakeLimits.nodes))
  }

  /// The bytes with `\n` as their only line break; nil where there is a character that libyaml treats in its own way.
  private static func plainBytes(of slice: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes = Array(slice)
    let kinds = ByteKinds(bytes)
    guard !kinds.hasControl else { return nil }
    if kinds.hasReturn {
      for (index, byte) in bytes.enumerated() where byte == 0x0D {
        guard index + 1 < bytes.count, bytes[index + 1] == 0x0A else { return nil }
      }
      bytes.removeAll { $0 == 0x0D }
    }
    return kinds.hasNonASCII && hasUnusualCharacter(bytes) ? nil : bytes
  }

  /// Further line breaks, byte order marks, and what libyaml's reader refuses.
  private static func hasUnusualCharacter(_ bytes: [UInt8]) -> Bool {
    for (index, byte) in bytes.enumerated() where byte >= 0xC2 && index + 1 < bytes.count {
      let (second, third) = (bytes[index + 1], index + 2 < bytes.count ? bytes[index + 2] : 0)
      switch byte {
      case 0xC2 where second < 0xA0: return true
      case 0xE2 where second == 0x80 && (third == 0xA8 || third == 0xA9): return true
      case 0xEF where second == 0xBB && third == 0xBF: return true
      case 0xEF where second == 0xBF && third >= 0xBE: return true
      default: break
      }
    }
    return false
  }

  private mutating func document() throws(Declined) {
    if isDocumentMarker(0) {
      position = 3
      // Behind `---` on its line other rules hold.
      guard try toNextToken() else { throw Declined() }
    } else {
      _ = try toNextToken()
    }
    guard position < bytes.count else { throw Declined() }
    try blockNode(parent: -1)
    guard position == bytes.count else { throw Declined() }
  }

  // MARK: - Bytes

  /// The byte at an index, and 0, which no text holds, after the end.
  func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  /// Whether the byte is a blank, a line break or the end.
  func isGap(_ index: Int) -> Bool {
    let byte = byte(index)
    return byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0
  }

  var column: Int { position - lineStart }

  /// `---` or `...` alone, at the start of a line.
  func isDocumentMarker(_ index: Int) -> Bool {
    let first = byte(index)
    guard first == UInt8(ascii: "-") || first == UInt8(ascii: ".") else { return false }
    return byte(index + 1) == first && byte(index + 2) == first && isGap(index + 3)
  }

  mutating func startLine(at index: Int) {
    position = index
    lineStart = index
    line += 1
  }

  /// Goes on to the next token of the block context.
  ///
  /// - Returns: whether the line ended before it, or the document.
  mutating func toNextToken() throws(Declined) -> Bool {
    var ended = false
    while position < bytes.count {
      switch bytes[position] {
      case 0x20: position += 1
      case 0x0A:
        startLine(at: position + 1)
        ended = true
      case UInt8(ascii: "#"):
        guard position == lineStart || isGap(position - 1) else { return ended }
        skipLine()
      default:
        if position == lineStart && isDocumentMarker(position) { throw Declined() }
        return ended
      }
    }
    return true
  }

  /// Goes to the end of the line.
  mutating func skipLine() {
    while position < bytes.count && bytes[position] != 0x0A { position += 1 }
  }

  // MARK: - Nodes

  mutating func add(_ token: Token) throws(Declined) {
    guard nodes.count < IntakeLimits.nodes, depth < IntakeLimits.nesting else { throw Declined() }
    var node = DocumentTree.Node(kind: .scalar, style: token.style, line: UInt32(truncatingIfNeeded: token.line))
    if let text = token.text {
      node.isStored = true
      node.start = UInt32(truncatingIfNeeded: strings.count)
      strings.append(text)
    } else {
      node.start = UInt32(truncatingIfNeeded: token.start)
      node.end = UInt32(truncatingIfNeeded: token.end)
    }
    node.next = UInt32(truncatingIfNeeded: nodes.count + 1)
    nodes.append(node)
  }

  mutating func addNull(line: Int) throws(Declined) {
    try add(Token(style: .plain, line: line))
  }

  mutating func addKey(_ token: Token) throws(Declined) {
    keys.append(nodes.count)
    try add(token)
  }

  /// Begins a collection; what is added until `close` is in it.
  mutating func open(_ kind: DocumentTree.Kind, line: Int) throws(Declined) -> Int {
    depth += 1
    guard nodes.count < IntakeLimits.nodes, depth <= IntakeLimits.nesting else { throw Declined() }
    nodes.append(DocumentTree.Node(kind: kind, line: UInt32(truncatingIfNeeded: line)))
    return nodes.count - 1
  }

  mutating func close(_ index: Int) {
    depth -= 1
    nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
  }
}
