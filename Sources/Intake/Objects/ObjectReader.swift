import Diagnostics
import FleetModel

/// Turns documents into objects: unwraps lists, checks kind and name, and hands the rest to one reader per kind.
struct ObjectReader {
  private(set) var objects: [KubernetesObject] = []
  /// Objects of kinds that are not read, which are no mistake.
  private(set) var skipped = 0

  /// What a typed list says of its elements, which need not repeat it.
  private struct Implied {
    var kind: String?
    var version: String?
    /// It is so whatever the element says.
    var isCertain = false
  }

  mutating func read(_ root: Field) { read(root, Implied()) }

  /// Reads one object of a known kind and version.
  mutating func read(_ root: Field, as kind: String, apiVersion: String) {
    readObject(root, kind: kind, Implied(kind: kind, version: apiVersion, isCertain: true))
    root.log.resource = ""
  }

  private mutating func read(_ root: Field, _ implied: Implied) {
    guard root.isMapping else {
      root.log.add(
        .notAnObject, .high, "this is no Kubernetes object: a mapping is wanted here", fix: "remove the document",
        at: root.location)
      return
    }
    guard let kind = root["kind"]?.string ?? implied.kind, !kind.isEmpty else {
      root.log.add(
        .notAnObject, .high, "this is no Kubernetes object: it has no 'kind'", fix: "add apiVersion and kind",
        at: root.location)
      return
    }
    if kind.hasSuffix("List"), let items = root["items"] {
      let element =
        kind == "List" ? Implied() : Implied(kind: String(kind.dropLast(4)), version: root["apiVersion"]?.string)
      for item in items.elements { read(item, element) }
      return
    }
    readObject(root, kind: kind, implied)
    root.log.resource = ""
  }

  private mutating func readObject(_ root: Field, kind: String, _ implied: Implied) {
    let written = implied.isCertain ? nil : root["apiVersion"]?.string
    let version = written ?? implied.version
    let group = version.map { $0.utf8.contains(0x2F) ? String($0.prefix { $0 != "/" }) : "" }
    let isCustom = group.map(ObjectKinds.isCustom) ?? false
    guard isCustom || ObjectKinds.groups[kind].map({ groups in group.map(groups.contains) ?? true }) ?? false else {
      skipped += 1
      root.log.add(
        .unknownKind, .info, "\(kind.safeForTerminal) (\(version?.safeForTerminal ?? "no apiVersion")) is not read",
        fix: "nothing to do", at: root.location)
      return
    }
    guard let id = reference(root, kind: kind, group: group ?? "") else { return }
    root.log.resource = kind == "Namespace" ? "\(id.name)[Namespace]" : id.description
    if written == nil && implied.kind == nil {
      root.problem("apiVersion is missing; Kubernetes refuses the object", fix: "add apiVersion")
    }
    NameRules.check(root["metadata"], id)
    let content =
      isCustom
      ? .custom(CustomObjectReader.object(root, id, apiVersion: version ?? "")) : self.content(root, id, version ?? "")
    guard let content else { return }
    objects.append(
      KubernetesObject(id: id, group: isCustom ? group ?? "" : "", location: root.location, content: content))
  }

  private func content(_ root: Field, _ id: ObjectReference, _ version: String) -> KubernetesObject.Content? {
    switch id.kind {
    case "Service": .service(ServiceReader.service(root, id))
    case "ServiceAccount": .serviceAccount(NamedObjectReader.serviceAccount(root, id))
    case "Namespace": .namespace(NamedObjectReader.namespace(root, id))
    case "ConfigMap": .configMap(NamedObjectReader.configMap(root, id))
    case "Secret": .secret(NamedObjectReader.secret(root, id))
    case "NetworkPolicy": .networkPolicy(NetworkPolicyReader.policy(root, id))
    case "Role", "ClusterRole": .role(AccessReader.role(root, id))
    case "RoleBinding", "ClusterRoleBinding": .roleBinding(AccessReader.binding(root, id))
    case "PodDisruptionBudget":
      .disruptionBudget(OperationsReader.disruptionBudget(root, id, isBeta: version.hasSuffix("beta1")))
    case "HorizontalPodAutoscaler": OperationsReader.autoscaler(root, id).map { .autoscaler($0) }
    case "Ingress": .ingress(IngressReader.ingress(root, id))
    case "AdminNetworkPolicy", "BaselineAdminNetworkPolicy":
      AdminPolicyReader.policy(root, id).map { .adminPolicy($0) }
    case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
      .webhooks(WebhookReader.configuration(root, id, isBeta: version.hasSuffix("beta1")))
    case "PersistentVolume": .persistentVolume(StorageReader.volume(root, id))
    case "PersistentVolumeClaim": .claim(StorageReader.claim(root, id))
    case "Node": .node(NodeReader.node(root, id))
    default: WorkloadReader.workload(root, id).map { .workload($0) }
    }
  }

  private func reference(_ root: Field, kind: String, group: String) -> ObjectReference? {
    let metadata = root["metadata"]
    guard let name = metadata?["name"]?.string, !name.isEmpty else {
      (metadata ?? root).problem(
        "the \(kind.safeForTerminal) has no metadata.name", fix: "give it a name", code: .unusable)
      return nil
    }
    if ObjectKinds.isClusterScoped(kind, group: group) { return ObjectReference(kind: kind, namespace: "", name: name) }
    let namespace = metadata?["namespace"]?.string ?? ""
    return ObjectReference(kind: kind, namespace: namespace.isEmpty ? "default" : namespace, name: name)
  }
}
