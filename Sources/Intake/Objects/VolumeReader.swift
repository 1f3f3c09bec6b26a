import FleetModel

enum VolumeReader {
  static func volume(_ field: Field) -> Volume? {
    guard let name = field["name"]?.string else {
      field.problem("the volume has no name and is left out", fix: "give it a name")
      return nil
    }
    return Volume(name: name, source: source(field))
  }

  private static func source(_ field: Field) -> Volume.Source {
    if let directory = field["emptyDir"] {
      return .emptyDir(
        memory: directory["medium"]?.string == "Memory",
        sizeLimitBytes: ContainerReader.amount(directory["sizeLimit"]) { $0.units })
    }
    if let host = field["hostPath"] {
      return .hostPath(path: host["path"]?.string ?? "", type: host["type"]?.string ?? "")
    }
    if let map = field["configMap"] { return .configMap(map["name"]?.string ?? "") }
    if let secret = field["secret"] { return .secret(secret["secretName"]?.string ?? "") }
    if field["projected"] != nil { return .projected }
    if let claim = field["persistentVolumeClaim"] { return .claim(claim["claimName"]?.string ?? "") }
    guard let key = field.entries.first(where: { $0.key != "name" })?.key else {
      // As the API server defaults it.
      return .emptyDir(memory: false, sizeLimitBytes: nil)
    }
    // `emptyDir:` with nothing after it is null, and means an empty directory to people.
    return key == "emptyDir" ? .emptyDir(memory: false, sizeLimitBytes: nil) : .other(key)
  }
}
