import Yams

extension DocumentTree {
  /// The tree of a document that Yams composed. What anchors belong to must be alive, which the parser sees to.
  init(_ root: Yams.Node) {
    bytes = []
    isShared = true
    var conversion = Conversion()
    conversion.add(root)
    nodes = conversion.nodes
    strings = conversion.strings
  }
}

private struct Conversion {
  var nodes: [DocumentTree.Node] = []
  var strings: [String] = []
  /// The nodes of anchors: each is in the tree once.
  private var known: [ObjectIdentifier: Int] = [:]

  mutating func add(_ node: Yams.Node) {
    let index = nodes.count
    let line = UInt32(clamping: node.mark?.line ?? 1)
    let anchor = node.anchor.map { ObjectIdentifier($0) }
    if let anchor, let target = known[anchor] {
      nodes.append(DocumentTree.Node(kind: .alias, line: line, start: UInt32(clamping: target)))
      return close(index)
    }
    if let anchor { known[anchor] = index }
    switch node {
    case .scalar(let scalar): add(scalar, line)
    case .sequence(let sequence):
      nodes.append(DocumentTree.Node(kind: .sequence, line: line))
      for position in sequence.indices { add(sequence[position]) }
    case .mapping(let mapping):
      nodes.append(DocumentTree.Node(kind: .mapping, line: line))
      for position in mapping.indices {
        add(mapping[position].key)
        add(mapping[position].value)
      }
    // The composer puts the anchor's node in an alias's place.
    case .alias: nodes.append(DocumentTree.Node(kind: .scalar, line: line))
    }
    close(index)
  }

  private mutating func close(_ index: Int) {
    nodes[index].next = UInt32(clamping: nodes.count)
  }

  private mutating func add(_ scalar: Yams.Node.Scalar, _ line: UInt32) {
    var node = DocumentTree.Node(kind: .scalar, line: line)
    node.style =
      switch scalar.style {
      case .any, .plain: .plain
      case .singleQuoted: .singleQuoted
      case .doubleQuoted: .doubleQuoted
      case .literal: .literal
      case .folded: .folded
      }
    node.isTaggedText =
      node.style == .plain && (scalar.tag.rawValue == "tag:yaml.org,2002:str" || scalar.tag.rawValue == "!")
    node.isStored = true
    node.start = UInt32(clamping: strings.count)
    strings.append(scalar.string)
    nodes.append(node)
  }
}
