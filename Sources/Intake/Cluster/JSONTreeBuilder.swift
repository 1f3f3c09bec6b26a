/// Reads one JSON value, in one pass over its bytes, into the tree that every reader works on.
///
/// Strict (RFC 8259): no comments, no trailing commas, no key twice in an object. A tree shares the bytes it was read
/// from; only texts with escapes are copied. Time and memory are linear in the bytes.
struct JSONTreeBuilder {
  let base: UnsafePointer<UInt8>
  let end: Int
  var position: Int
  private var nodes: [DocumentTree.Node] = []
  var strings: [String] = []
  /// Those of all objects that are open, the innermost object's last.
  private var keys: [Key] = []

  private struct Key {
    var node: Int
    var signature: UInt64
  }
  /// Whether any text holds a byte beyond ASCII.
  var seen: UInt8 = 0
  /// `metadata.managedFields` is a third of many objects, and nobody reads it.
  private let leavesOutManagedFields: Bool

  /// The tree of the value that fills `range`.
  static func tree(
    of bytes: [UInt8], in range: Range<Int>, leavesOutManagedFields: Bool = false
  ) throws(JSONProblem) -> DocumentTree {
    guard range.count <= IntakeLimits.documentBytes else {
      throw JSONProblem(offset: range.lowerBound, message: "a value has more than \(IntakeLimits.documentBytes) bytes")
    }
    let built = bytes.withUnsafeBufferPointer { buffer -> Result<Self, JSONProblem> in
      guard let base = buffer.baseAddress else { return .failure(JSONProblem(offset: 0, message: "there is no value")) }
      var builder = Self(base: base, range: range, leavesOutManagedFields: leavesOutManagedFields)
      do throws(JSONProblem) {
        try builder.value(depth: 1)
        builder.skipBlanks()
        guard builder.position == builder.end else { throw builder.problem("something follows the value") }
      } catch {
        return .failure(error)
      }
      return .success(builder)
    }
    let builder = try built.get()
    if builder.seen >= 0x80, String(validating: bytes[range], as: UTF8.self) == nil {
      throw JSONProblem(offset: range.lowerBound, message: "a text is not valid UTF-8")
    }
    return DocumentTree(bytes: bytes, nodes: builder.nodes, strings: builder.strings)
  }

  private init(base: UnsafePointer<UInt8>, range: Range<Int>, leavesOutManagedFields: Bool) {
    self.base = base
    self.leavesOutManagedFields = leavesOutManagedFields
    position = range.lowerBound
    end = range.upperBound
    nodes.reserveCapacity(range.count / 24 + 8)
  }

  func problem(_ message: String) -> JSONProblem { JSONProblem(offset: position, message: message) }

  private mutating func skipBlanks() {
    while position < end {
      switch base[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  // MARK: - Values

  private mutating func value(depth: Int) throws(JSONProblem) {
    skipBlanks()
    guard position < end else { throw problem("the text ends in the middle of a value") }
    switch base[position] {
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try array(depth: depth)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
    default: throw problem("no JSON value begins here")
    }
  }

  private mutating func open(_ kind: DocumentTree.Kind, depth: Int) throws(JSONProblem) -> Int {
    guard depth <= IntakeLimits.nesting else { throw problem("nested deeper than \(IntakeLimits.nesting) levels") }
    try append(DocumentTree.Node(kind: kind, line: 0))
    position += 1
    return nodes.count - 1
  }

  mutating func append(_ node: DocumentTree.Node) throws(JSONProblem) {
    guard nodes.count < IntakeLimits.nodes else { throw problem("more than \(IntakeLimits.nodes) values") }
    var node = node
    node.next = UInt32(truncatingIfNeeded: nodes.count + 1)
    nodes.append(node)
  }

  private mutating func array(depth: Int) throws(JSONProblem) {
    let index = try open(.sequence, depth: depth)
    skipBlanks()
    if position < end, base[position] == UInt8(ascii: "]") {
      position += 1
    } else {
      while true {
        try value(depth: depth + 1)
        if try !goesOn(closing: UInt8(ascii: "]")) { break }
      }
    }
    nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
  }

  private mutating func object(depth: Int) throws(JSONProblem) {
    let index = try open(.mapping, depth: depth)
    let first = keys.count
    skipBlanks()
    if position < end, base[position] == UInt8(ascii: "}") {
      position += 1
    } else {
      while true {
        try member(depth: depth)
        if try !goesOn(closing: UInt8(ascii: "}")) { break }
      }
    }
    nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
    try refuseDuplicates(from: first)
    keys.removeSubrange(first...)
  }

  private mutating func member(depth: Int) throws(JSONProblem) {
    skipBlanks()
    guard position < end, base[position] == UInt8(ascii: "\"") else { throw problem("a key in quotes is wanted here") }
    try string()
    skipBlanks()
    guard position < end, base[position] == UInt8(ascii: ":") else { throw problem("a ':' is wanted here") }
    position += 1
    guard leavesOutManagedFields, depth == 2, isManagedFields(nodes.count - 1) else {
      keys.append(Key(node: nodes.count - 1, signature: signature(nodes.count - 1)))
      return try value(depth: depth + 1)
    }
    nodes.removeLast()
    skipBlanks()
    var scan = JSONValueScan(start: position)
    guard let after = scan.end(in: UnsafeBufferPointer(start: base, count: end)) else {
      throw problem("the text ends in the middle of a value")
    }
    position = after
  }

  /// After a value: true behind a comma, false behind the closing bracket.
  private mutating func goesOn(closing: UInt8) throws(JSONProblem) -> Bool {
    skipBlanks()
    guard position < end else { throw problem("the text ends too early") }
    let byte = base[position]
    guard byte == UInt8(ascii: ",") || byte == closing else { throw problem("a comma or the end is wanted here") }
    position += 1
    return byte != closing
  }

  private func isManagedFields(_ index: Int) -> Bool {
    let node = nodes[index]
    return !node.isStored && node.end - node.start == 13 && bytes(of: node).elementsEqual("managedFields".utf8)
  }

  private func bytes(of node: DocumentTree.Node) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: base + Int(node.start), count: Int(node.end - node.start))
  }

  // MARK: - Scalars

  private mutating func literal(_ text: StaticString) throws(JSONProblem) {
    let start = position
    guard position + text.utf8CodeUnitCount <= end else { throw problem("no JSON value begins here") }
    for offset in 0..<text.utf8CodeUnitCount where base[position + offset] != text.utf8Start[offset] {
      throw problem("no JSON value begins here")
    }
    position += text.utf8CodeUnitCount
    try append(scalar(start, .plain))
  }

  func scalar(_ start: Int, _ style: DocumentTree.Style) -> DocumentTree.Node {
    DocumentTree.Node(
      kind: .scalar, style: style, line: 0, start: UInt32(truncatingIfNeeded: start),
      end: UInt32(truncatingIfNeeded: position))
  }

  private mutating func digits() throws(JSONProblem) {
    let start = position
    while position < end, base[position].isDigit { position += 1 }
    guard position > start else { throw problem("a digit is wanted here") }
  }

  private mutating func number() throws(JSONProblem) {
    let start = position
    if base[position] == UInt8(ascii: "-") { position += 1 }
    let first = position
    try digits()
    guard base[first] != UInt8(ascii: "0") || position == first + 1 else { throw problem("a number begins with 0") }
    if position < end, base[position] == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if position < end, base[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < end, base[position] == UInt8(ascii: "+") || base[position] == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    try append(scalar(start, .plain))
  }

  private mutating func string() throws(JSONProblem) {
    position += 1
    let start = position
    position = JSONTextScan.special(base, from: start, to: end, seen: &seen)
    guard position < end else { throw problem("the text ends in the middle of a string") }
    switch base[position] {
    case UInt8(ascii: "\""):
      try append(scalar(start, .doubleQuoted))
      position += 1
    case UInt8(ascii: "\\"): try escapedString(from: start)
    default: throw problem("a control character in a text")
    }
  }
}

extension JSONTreeBuilder {
  /// Few keys are compared one with the other, many go into a set.
  private func refuseDuplicates(from first: Int) throws(JSONProblem) {
    guard keys.count - first <= 24 else {
      var known: Set<String> = []
      for key in keys[first...] where !known.insert(text(key.node)).inserted { throw duplicate(key.node) }
      return
    }
    var index = first + 1
    while index < keys.count {
      let key = keys[index]
      for other in first..<index where keys[other].signature == key.signature {
        if isSame(key.node, keys[other].node) { throw duplicate(key.node) }
      }
      index += 1
    }
  }

  private func signature(_ index: Int) -> UInt64 {
    let node = nodes[index]
    guard node.isStored else { return JSONTextScan.signature(of: bytes(of: node)) }
    var text = strings[Int(node.start)]
    return text.withUTF8(JSONTextScan.signature)
  }

  private func isSame(_ left: Int, _ right: Int) -> Bool {
    let (a, b) = (nodes[left], nodes[right])
    if a.isStored || b.isStored { return text(left) == text(right) }
    guard a.end - a.start == b.end - b.start else { return false }
    return bytes(of: a).elementsEqual(bytes(of: b))
  }

  private func text(_ index: Int) -> String {
    let node = nodes[index]
    return node.isStored ? strings[Int(node.start)] : String(decoding: bytes(of: node), as: UTF8.self)
  }

  private func duplicate(_ key: Int) -> JSONProblem {
    problem("the key '\(text(key).prefix(60))' stands twice in one object")
  }
}
