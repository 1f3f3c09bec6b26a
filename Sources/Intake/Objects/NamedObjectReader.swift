import Diagnostics
import FleetModel

/// Namespaces, service accounts, config maps and secrets.
enum NamedObjectReader {
  static func namespace(_ root: Field, _ id: ObjectReference) -> Namespace {
    var namespace = Namespace(name: id.name, labels: labels(root["metadata"]), location: root.location)
    namespace.annotations = annotations(root["metadata"])
    return namespace
  }

  static func serviceAccount(_ root: Field, _ id: ObjectReference) -> ServiceAccount {
    var account = ServiceAccount(
      id: id, location: root.location, automountServiceAccountToken: root["automountServiceAccountToken"]?.bool)
    account.annotations = annotations(root["metadata"])
    return account
  }

  static func configMap(_ root: Field, _ id: ObjectReference) -> ConfigMap {
    var map = ConfigMap(id: id, location: root.location)
    map.labels = labels(root["metadata"])
    for (key, value) in root["data"]?.entries ?? [] {
      guard !value.isNull, let text = value.string else { continue }
      map.data[key] = ConfigMap.Entry(value: text, location: value.textLocation)
    }
    return map
  }

  /// The values are not looked at, not even to say that one has the wrong type: a finding would show it.
  static func secret(_ root: Field, _ id: ObjectReference) -> Secret {
    var secret = Secret(id: id, location: root.location)
    if let type = root["type"]?.string, !type.isEmpty { secret.type = type }
    secret.labels = labels(root["metadata"])
    secret.annotations = annotations(root["metadata"])
    let keys = (root["data"]?.entries ?? []).map(\.key) + (root["stringData"]?.entries ?? []).map(\.key)
    secret.keys = Set(keys).sorted()
    return secret
  }

  static func labels(_ metadata: Field?) -> [String: String] { metadata?["labels"]?.stringMap ?? [:] }

  /// Without kubectl's copy of the whole object, which for a secret holds its values.
  static func annotations(_ metadata: Field?) -> [String: String] {
    guard let field = metadata?["annotations"] else { return [:] }
    var result: [String: String] = [:]
    for (key, value) in field.entries where key != "kubectl.kubernetes.io/last-applied-configuration" {
      result[key] = value.isNull ? "" : value.string
    }
    return result
  }
}
