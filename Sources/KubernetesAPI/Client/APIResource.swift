/// A kind as a server has it.
package struct APIResource: Sendable, Hashable, Comparable {
  /// Empty for the core group.
  package var group: String
  package var version: String
  package var kind: String
  package var plural: String
  package var isNamespaced: Bool

  package init(group: String, version: String, kind: String, plural: String, isNamespaced: Bool) {
    (self.group, self.version, self.kind, self.plural) = (group, version, kind, plural)
    self.isNamespaced = isNamespaced
  }

  /// As an object has it: `v1`, `apps/v1`.
  package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
  /// As kubectl names it: `pods`, `deployments.apps`.
  package var name: String { group.isEmpty ? plural : "\(plural).\(group)" }

  package static func < (left: Self, right: Self) -> Bool {
    (left.group, left.plural, left.version) < (right.group, right.plural, right.version)
  }

  /// The path of all objects, or of one. Without a namespace: of all namespaces.
  func path(namespace: String?, name: String? = nil) -> String {
    var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
    if isNamespaced, let namespace { path += "/namespaces/\(APIRequest.encoded(namespace))" }
    path += "/\(plural)"
    if let name { path += "/\(APIRequest.encoded(name))" }
    return path
  }

  package static let pods = core("Pod", "pods")
  package static let namespaces = core("Namespace", "namespaces", isNamespaced: false)
  package static let nodes = core("Node", "nodes", isNamespaced: false)

  private static func core(_ kind: String, _ plural: String, isNamespaced: Bool = true) -> APIResource {
    APIResource(group: "", version: "v1", kind: kind, plural: plural, isNamespaced: isNamespaced)
  }
}

/// One object of a cluster.
package struct ObjectName: Sendable, Hashable, CustomStringConvertible {
  package var resource: APIResource
  /// Nil for kinds without a namespace.
  package var namespace: String?
  package var name: String

  package init(_ resource: APIResource, namespace: String?, name: String) {
    (self.resource, self.namespace, self.name) = (resource, resource.isNamespaced ? namespace : nil, name)
  }

  var path: String { resource.path(namespace: namespace, name: name) }

  package var description: String { "\(resource.name) \(namespace.map { "\($0)/" } ?? "")\(name)" }
}
