import Diagnostics
import FleetModel
import Yams

/// Turns documents into objects: unwraps lists, checks kind and name, and hands the rest to one reader per kind.
struct ObjectReader {
  private(set) var objects: [KubernetesObject] = []
  /// Objects of kinds that are not read, which are no mistake.
  private(set) var skipped = 0

  /// API groups in which a kind means what Kubernetes means by it; `Service` is also a kind of Knative's.
  private static let groups: [String: Set<String>] = [
    "Deployment": ["apps", "extensions"], "StatefulSet": ["apps"], "DaemonSet": ["apps", "extensions"],
    "ReplicaSet": ["apps", "extensions"], "Pod": [""], "Service": [""], "ServiceAccount": [""], "Namespace": [""],
    "ConfigMap": [""], "NetworkPolicy": ["networking.k8s.io", "extensions"],
  ]

  mutating func read(_ root: Field, impliedKind: String? = nil) {
    guard case .mapping(_) = root.node else {
      root.log.add(
        .notAnObject, .high, "this is no Kubernetes object: a mapping is wanted here", fix: "remove the document",
        at: root.location)
      return
    }
    guard let kind = root["kind"]?.string ?? impliedKind, !kind.isEmpty else {
      root.log.add(
        .notAnObject, .high, "this is no Kubernetes object: it has no 'kind'", fix: "add apiVersion and kind",
        at: root.location)
      return
    }
    if kind.hasSuffix("List"), let items = root["items"] {
      let element = kind == "List" ? nil : String(kind.dropLast(4))
      for item in items.elements { read(item, impliedKind: element) }
      return
    }
    readObject(root, kind: kind, hasImpliedKind: impliedKind != nil)
    root.log.resource = ""
  }

  private mutating func readObject(_ root: Field, kind: String, hasImpliedKind: Bool) {
    let version = root["apiVersion"]?.string
    let group = version.map { $0.contains("/") ? String($0.prefix { $0 != "/" }) : "" }
    guard let groups = Self.groups[kind], group.map(groups.contains) ?? true else {
      skipped += 1
      root.log.add(
        .unknownKind, .info, "\(kind) (\(version ?? "no apiVersion")) is not read yet", fix: "nothing to do",
        at: root.location)
      return
    }
    guard let id = reference(root, kind: kind) else { return }
    root.log.resource = kind == "Namespace" ? "\(id.name)[Namespace]" : id.description
    if version == nil && !hasImpliedKind {
      root.problem("apiVersion is missing; Kubernetes refuses the object", fix: "add apiVersion")
    }
    if let object = object(root, id) { objects.append(object) }
  }

  private func object(_ root: Field, _ id: ObjectReference) -> KubernetesObject? {
    switch id.kind {
    case "Service": .service(ServiceReader.service(root, id))
    case "ServiceAccount":
      .serviceAccount(
        ServiceAccount(
          id: id, location: root.location, automountServiceAccountToken: root["automountServiceAccountToken"]?.bool))
    case "Namespace":
      .namespace(
        Namespace(name: id.name, labels: root["metadata"]?["labels"]?.stringMap ?? [:], location: root.location))
    case "ConfigMap": .configMap(configMap(root, id))
    case "NetworkPolicy": .networkPolicy(NetworkPolicyReader.policy(root, id))
    default: WorkloadReader.workload(root, id).map { .workload($0) }
    }
  }

  private func reference(_ root: Field, kind: String) -> ObjectReference? {
    let metadata = root["metadata"]
    guard let name = metadata?["name"]?.string, !name.isEmpty else {
      (metadata ?? root).problem("the \(kind) has no metadata.name", fix: "give it a name", code: .unusable)
      return nil
    }
    let namespace = kind == "Namespace" ? "" : metadata?["namespace"]?.string ?? "default"
    return ObjectReference(
      kind: kind, namespace: namespace.isEmpty && kind != "Namespace" ? "default" : namespace, name: name)
  }

  private func configMap(_ root: Field, _ id: ObjectReference) -> ConfigMap {
    var map = ConfigMap(id: id, location: root.location)
    for (key, value) in root["data"]?.entries ?? [] {
      guard !value.isNull, let text = value.string else { continue }
      map.data[key] = ConfigMap.Entry(value: text, location: value.textLocation)
    }
    return map
  }
}
