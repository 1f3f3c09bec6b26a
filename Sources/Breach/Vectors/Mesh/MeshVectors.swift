extension VectorCatalogue {
  /// Ways around a mesh's capture, identity and authorisation.
  static let mesh: [Vector] = []
}
