package import IntentModel

/// Labels that tell pods of one posture from those of another, for the objects that select pods.
package enum PostureMark {
  package static let mutualTLS = "bulkhead.dev/mutual-tls"
  package static let authorisation = "bulkhead.dev/authorisation"
  /// On pods that are under a default-deny policy.
  package static let isolated = "bulkhead.dev/isolated"

  /// What pods of a mesh bear in a posture; nothing outside of the mesh.
  package static func labels(_ posture: Posture) -> [String: String] {
    guard posture.enrolled else { return [:] }
    var labels = [mutualTLS: posture.mutualTLS.rawValue, authorisation: posture.authorisation.rawValue]
    if posture.isolated { labels[isolated] = "true" }
    return labels
  }
}

extension WorkloadPolicy {
  /// The same for those of its pods that bear a label.
  func marked(_ key: String, _ value: String) -> WorkloadPolicy {
    var marked = self
    marked.selector.append((key, value))
    return marked
  }
}
