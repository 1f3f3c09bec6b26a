/// What decides about the choice besides the fleet itself.
package struct MeshRequirements: Sendable, Equatable {
  /// What the mesh must offer.
  package var features: [MeshFeature]
  /// What every workload is taken to serve, in requests per second, as long as nobody has measured it.
  package var requestsPerWorkload: Double
  /// Pods on one node, where the input has no nodes.
  package var podsPerNode: Int

  package init(features: [MeshFeature] = [], requestsPerWorkload: Double = 50, podsPerNode: Int = 30) {
    self.features = features
    self.requestsPerWorkload = requestsPerWorkload
    self.podsPerNode = max(podsPerNode, 1)
  }
}
