import FleetModel

enum VolumeReader {
  static func volume(_ field: Field) -> Volume? {
    guard let name = field["name"]?.string else {
      field.problem("the volume has no name and is left out", fix: "give it a name")
      return nil
    }
    let sources = field.entries.filter { $0.key != "name" && !$0.value.isNull }
    guard let first = sources.first else {
      // As the API server defaults it; `emptyDir:` with nothing after it is null and means the same.
      var volume = Volume(name: name, source: .emptyDir(memory: false, sizeLimitBytes: nil))
      volume.sourceKeys = ["emptyDir"]
      return volume
    }
    var volume = Volume(name: name, source: source(first.key, first.value))
    volume.sourceKeys = sources.map(\.key)
    if sources.count > 1 {
      field.problem("the volume has \(sources.count) sources; Kubernetes refuses it", fix: "keep one of them")
      // What leads to the node matters more than what was written first.
      if let host = sources.first(where: { $0.key == "hostPath" }) { volume.source = source(host.key, host.value) }
    }
    return volume
  }

  private static func source(_ key: String, _ field: Field) -> Volume.Source {
    switch key {
    case "emptyDir":
      .emptyDir(
        memory: field["medium"]?.string == "Memory",
        sizeLimitBytes: field["sizeLimit"].flatMap(ContainerReader.units))
    case "hostPath": .hostPath(path: field["path"]?.string ?? "", type: field["type"]?.string ?? "")
    case "configMap": .configMap(field["name"]?.string ?? "")
    case "secret": .secret(field["secretName"]?.string ?? "")
    case "projected": .projected(projection(field))
    case "persistentVolumeClaim": .claim(field["claimName"]?.string ?? "")
    case "downwardAPI": .downwardAPI
    case "csi": .csi(driver: field["driver"]?.string ?? "", readOnly: field["readOnly"]?.bool ?? false)
    case "ephemeral": .ephemeral
    case "gitRepo": .gitRepo(repository: field["repository"]?.string ?? "")
    default: .other(key)
    }
  }

  private static func projection(_ field: Field) -> Projection {
    var projection = Projection()
    for source in field["sources"]?.elements ?? [] {
      if let token = source["serviceAccountToken"] {
        projection.tokens.append(
          Projection.Token(
            audience: token["audience"]?.string ?? "",
            expirationSeconds: token["expirationSeconds"]?.integer(in: 1...Int(Int32.max)) ?? 3600,
            path: token["path"]?.string ?? ""))
      }
      if let map = source["configMap"]?["name"]?.string { projection.configMaps.append(map) }
      if let secret = source["secret"]?["name"]?.string { projection.secrets.append(secret) }
    }
    return projection
  }
}
