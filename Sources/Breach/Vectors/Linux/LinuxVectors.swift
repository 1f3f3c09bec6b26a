extension VectorCatalogue {
  /// Ways from a container to the kernel, the node and its neighbours.
  static let linux: [Vector] = [
    .procRootOfNode, .writableHostPath, .tokenFromHostPath, .runtimeSocket, .hostNetworkLoopback, .processEnvironment,
  ]
}
