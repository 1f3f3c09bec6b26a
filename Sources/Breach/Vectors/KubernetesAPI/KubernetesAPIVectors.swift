extension VectorCatalogue {
  /// Ways through the Kubernetes API, the node's services and identities.
  static let api: [Vector] = [.serviceAccountToken, .metadataService]
}
