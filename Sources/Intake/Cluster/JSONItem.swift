package import FleetModel

/// One JSON value that has been read.
package struct JSONItem: Sendable {
  let tree: DocumentTree

  /// All of it, as plain values.
  package var value: DocumentValue { tree.value(at: 0) }

  /// A whole text as one value.
  package static func read(_ bytes: [UInt8]) throws(JSONProblem) -> JSONItem {
    JSONItem(tree: try JSONTreeBuilder.tree(of: bytes, in: bytes.indices))
  }

  /// The text at a way of keys, such as `["metadata", "name"]`.
  func text(_ keys: [StaticString]) -> String? {
    var index = 0
    for key in keys {
      guard tree.nodes[index].kind == .mapping else { return nil }
      let name = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
      guard let value = tree.value(of: name, in: index) else { return nil }
      index = value
    }
    guard tree.nodes[index].kind == .scalar, !tree.isNull(index) else { return nil }
    return tree.text(index)
  }
}
