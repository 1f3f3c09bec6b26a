import FleetModel

/// Objects that are kept as they are written: their meaning is the business of the engine that knows it.
enum CustomObjectReader {
  static func object(_ root: Field, _ id: ObjectReference, apiVersion: String) -> CustomObject {
    var object = CustomObject(id: id, apiVersion: apiVersion, location: root.location)
    object.labels = NamedObjectReader.labels(root["metadata"])
    object.annotations = NamedObjectReader.annotations(root["metadata"])
    if let spec = root["spec"] {
      object.spec = spec.value
    } else {
      let others = root.entries.filter { !["apiVersion", "kind", "metadata", "status", "spec"].contains($0.key) }
      object.spec = .mapping(others.map { DocumentValue.Entry($0.key, $0.value.value) })
    }
    return object
  }
}
