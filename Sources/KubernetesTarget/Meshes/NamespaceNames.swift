import Diagnostics
import FleetModel

/// Namespaces as policies name them, for servers that do not label them with their names.
enum NamespaceNames {
  static let label = "kubernetes.io/metadata.name"

  /// A policy that names namespaces of the cluster's own, or of the mesh's, by their pods' labels alone.
  /// - Parameters:
  ///   - labelled: namespaces that have the label all the same.
  ///   - refusing: namespaces for which that would let in more than is meant.
  static func without(
    _ value: DocumentValue, labelled: Set<String>, refusing: Set<String>
  ) throws -> DocumentValue {
    switch value {
    case .list(let elements):
      return .list(try elements.map { try without($0, labelled: labelled, refusing: refusing) })
    case .mapping(let entries):
      return .mapping(
        try entries.map { entry in
          guard entry.key == "namespaceSelector", let name = entry.value["matchLabels"]?[label]?.string,
            !labelled.contains(name)
          else { return .init(entry.key, try without(entry.value, labelled: labelled, refusing: refusing)) }
          guard !refusing.contains(name) else {
            throw BulkheadError(
              .configuration, "no policy can name the namespace \(name.safeForTerminal): it lacks its name as a label",
              cure: "kubectl label namespace \(name.safeForTerminal) \(label)=\(name.safeForTerminal)")
          }
          return .init(entry.key, .mapping([]))
        })
    default: return value
    }
  }
}
