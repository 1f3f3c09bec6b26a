/// One document as a flat array of nodes in the order written.
///
/// A node's descendants follow it, up to `next`; a mapping's children are keys and values in turn. A scalar is a range
/// of the input's bytes, or, where its text differs from what is written (escapes, folded lines), a stored string.
/// Aliases stay aliases, so that a small document cannot grow into a large tree.
struct DocumentTree: Sendable {
  enum Kind: UInt8, Sendable { case scalar, sequence, mapping, alias }
  enum Style: UInt8, Sendable { case plain, singleQuoted, doubleQuoted, literal, folded }

  /// 20 bytes: a document may have a million.
  struct Node: Sendable {
    var kind: Kind
    var style = Style.plain
    /// `start` is an index into `strings`.
    var isStored = false
    /// A plain scalar with the tag of a string.
    var isTaggedText = false
    /// From 1, within the document.
    var line: UInt32
    /// The first byte of a scalar; the target of an alias.
    var start: UInt32 = 0
    /// The byte after a scalar.
    var end: UInt32 = 0
    /// The index of the node after this one and all its descendants.
    var next: UInt32 = 0

    /// Whether this is a scalar that stands in `bytes` as `name`.
    func isText(_ name: UnsafeBufferPointer<UInt8>, in bytes: UnsafeRawBufferPointer) -> Bool {
      guard kind == .scalar, Int(end) - Int(start) == name.count else { return false }
      for offset in 0..<name.count where bytes[Int(start) + offset] != name[offset] { return false }
      return true
    }
  }

  /// The input without carriage returns.
  let bytes: [UInt8]
  var nodes: [Node] = []
  var strings: [String] = []
  /// Whether a node can be reached by more than one path: by aliases, or by keys merged into a mapping.
  var isShared = false

  /// The node that `index` stands for.
  func resolved(_ index: Int) -> Int {
    // An alias's target is no alias: Yams composes it to the anchor's node.
    nodes[index].kind == .alias ? Int(nodes[index].start) : index
  }

  func next(after index: Int) -> Int { Int(nodes[index].next) }

  /// The text of a scalar; empty for a collection.
  func text(_ index: Int) -> String {
    let node = nodes[index]
    guard node.kind == .scalar else { return "" }
    if node.isStored { return strings[Int(node.start)] }
    return String(decoding: bytes[Int(node.start)..<Int(node.end)], as: UTF8.self)
  }

  /// Whether a scalar is `name`, byte for byte.
  func isText(_ index: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let node = nodes[index]
    guard node.kind == .scalar else { return false }
    if node.isStored { return strings[Int(node.start)].utf8.elementsEqual(name) }
    return bytes.withUnsafeBytes { node.isText(name, in: $0) }
  }

  /// An unquoted `<<`, which merges other mappings into the one it is a key of.
  func isMergeKey(_ index: Int) -> Bool {
    nodes[index].kind == .scalar && nodes[index].style == .plain && text(index) == "<<"
  }

  /// Whether a scalar is null to Kubernetes: nothing at all, `~` or an unquoted `null`.
  func isNull(_ index: Int) -> Bool {
    let node = nodes[index]
    guard node.kind == .scalar, node.style == .plain, !node.isTaggedText else { return false }
    if node.isStored { return ScalarValue.plain(text(index)) == .null }
    switch node.end - node.start {
    case 0: return true
    case 1: return bytes[Int(node.start)] == UInt8(ascii: "~")
    case 4 where bytes[Int(node.start)] | 0x20 == UInt8(ascii: "n"): return ScalarValue.plain(text(index)) == .null
    default: return false
    }
  }

  func scalar(_ index: Int) -> ScalarValue? {
    let node = nodes[index]
    guard node.kind == .scalar else { return nil }
    return node.style == .plain && !node.isTaggedText ? .plain(text(index)) : .string(text(index))
  }

  /// The way from the root to a node, as `spec.containers[0]`. Only for trees in which there is one way to each node.
  func path(to target: Int) -> FieldPath {
    var path = FieldPath.root
    var index = 0
    while index != target {
      var child = index + 1
      var position = 0
      while next(after: child) <= target {
        child = next(after: child)
        position += 1
      }
      guard child < next(after: index) else { return path }
      switch nodes[index].kind {
      case .sequence: path = .index(path, position)
      case .mapping where position % 2 == 1:
        // The key lies just before its value, with nothing below it.
        path = .key(path, text(child - 1))
      default: return path
      }
      index = child
    }
    return path
  }
}
