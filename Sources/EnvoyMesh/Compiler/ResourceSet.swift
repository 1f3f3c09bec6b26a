/// What one poll of a sidecar asks for: the whole list of a type (empty name) or one named resource.
package struct ResourceKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case listeners, clusters, routes, endpoints, secrets
  }
  package var kind: Kind
  package var name: String

  package init(_ kind: Kind, _ name: String = "") {
    self.kind = kind
    self.name = name
  }

  package static func < (left: ResourceKey, right: ResourceKey) -> Bool {
    (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name)
  }

  package var description: String { name.isEmpty ? kind.rawValue : "\(kind.rawValue) \(name)" }
}

/// Everything one sidecar is configured with at one moment.
package struct ResourceSet: Sendable, Equatable {
  package var resources: [ResourceKey: [JSONValue]] = [:]
  /// What connections may do by virtue of their filter chain (`in|8080 plaintext`). Where a right is withdrawn, those
  /// made under it live on until they are drained.
  package var rights: Set<String> = []

  package init() {}
}
