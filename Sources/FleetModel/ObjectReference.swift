/// The name of a Kubernetes object as it was written: `namespace/name[Kind]`.
package struct ObjectReference: Hashable, Codable, Sendable, Comparable, CustomStringConvertible {
  package var kind: String
  package var namespace: String
  package var name: String

  package init(kind: String, namespace: String, name: String) {
    self.kind = kind
    self.namespace = namespace
    self.name = name
  }

  package var description: String { "\(namespace)/\(name)[\(kind)]" }

  package static func < (left: ObjectReference, right: ObjectReference) -> Bool {
    (left.namespace, left.name, left.kind) < (right.namespace, right.name, right.kind)
  }
}

extension ObjectReference {
  /// Reads `namespace/name[Kind]`; nil when the text has another form.
  package init?(parsing text: String) {
    guard let slash = text.firstIndex(of: "/"), let open = text.lastIndex(of: "["), text.last == "]", slash < open
    else { return nil }
    self.init(
      kind: String(text[text.index(after: open)..<text.index(before: text.endIndex)]),
      namespace: String(text[..<slash]), name: String(text[text.index(after: slash)..<open]))
  }
}
