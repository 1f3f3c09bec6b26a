import FleetModel

enum StorageReader {
  /// Fields of a PersistentVolume's spec that are no source.
  private static let common: Set<String> = [
    "capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName", "mountOptions",
    "volumeMode", "nodeAffinity", "volumeAttributesClassName",
  ]

  static func volume(_ root: Field, _ id: ObjectReference) -> PersistentVolume {
    var volume = PersistentVolume(id: id, location: root.location)
    guard let spec = root["spec"] else { return volume }
    volume.nodePath = (spec["hostPath"] ?? spec["local"])?["path"]?.string
    volume.sourceKey = spec.entries.first { !common.contains($0.key) && !$0.value.isNull }?.key ?? ""
    if let claim = spec["claimRef"], let name = claim["name"]?.string {
      volume.claim = ObjectReference(
        kind: "PersistentVolumeClaim", namespace: claim["namespace"]?.string ?? "default", name: name)
    }
    volume.storageClass = spec["storageClassName"]?.string
    volume.accessModes = spec["accessModes"]?.strings ?? []
    return volume
  }

  static func claim(_ root: Field, _ id: ObjectReference) -> PersistentVolumeClaim {
    var claim = PersistentVolumeClaim(id: id, location: root.location)
    guard let spec = root["spec"] else { return claim }
    claim.volumeName = spec["volumeName"]?.string
    claim.storageClass = spec["storageClassName"]?.string
    claim.accessModes = spec["accessModes"]?.strings ?? []
    return claim
  }
}
