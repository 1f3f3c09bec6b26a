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
