package import FleetModel
import IntentModel

/// What a workload's pod template must get so that policies can name it and the mesh takes it in.
package struct WorkloadPatch: Sendable, Equatable {
  package var workload: ObjectReference
  /// Sorted by key.
  package var labels: [String: String] = [:]
  package var annotations: [String: String] = [:]
  /// A service account of its own; nil leaves the one it has.
  package var serviceAccount: String?
  /// Takes away `automountServiceAccountToken: false` of the pod, for which Linkerd passes a pod over; its service
  /// account says the same instead.
  package var movesTokenSetting = false
  package var why: [String] = []

  package init(workload: ObjectReference) { self.workload = workload }

  package var isEmpty: Bool {
    labels.isEmpty && annotations.isEmpty && serviceAccount == nil && !movesTokenSetting
  }

  package func applied(to workload: Workload) -> Workload {
    var patched = workload
    patched.podLabels.merge(labels) { _, new in new }
    patched.podAnnotations.merge(annotations) { _, new in new }
    if let serviceAccount { patched.pod.serviceAccount = serviceAccount }
    if movesTokenSetting { patched.pod.automountServiceAccountToken = nil }
    return patched
  }

  /// Asks the mesh's injector, or its node agent, for this pod alone.
  /// - Parameter namespace: the labels of the pod's namespace.
  mutating func enrol(_ pod: Workload, in mesh: Mesh, namespace: [String: String] = [:]) {
    switch mesh {
    case .istioSidecar:
      labels["sidecar.istio.io/inject"] = "true"
      if pod.podLabels["istio.io/dataplane-mode"] != nil { labels["istio.io/dataplane-mode"] = "none" }
    case .istioAmbient:
      labels["istio.io/dataplane-mode"] = "ambient"
      // Whoever has a sidecar gives it up: a pod with one is left alone by the node's agent.
      let isInjected = namespace["istio-injection"] == "enabled" || namespace["istio.io/rev"] != nil
      if isInjected || pod.podLabels["sidecar.istio.io/inject"] != nil { labels["sidecar.istio.io/inject"] = "false" }
    case .linkerd:
      annotations["linkerd.io/inject"] = "enabled"
      // Ports without a Server of their own would take anybody's calls.
      annotations["config.linkerd.io/default-inbound-policy"] = "deny"
      movesTokenSetting = pod.pod.automountServiceAccountToken == false
    case .consul: annotations["consul.hashicorp.com/connect-inject"] = "true"
    case .envoy: break
    }
  }

  /// The workload as a strategic merge patch, such as Kustomize takes.
  package var manifest: DocumentValue {
    func map(_ values: [String: String]) -> DocumentValue {
      .mapping(values.sorted { $0.key < $1.key }.map { DocumentValue.Entry($0.key, .string($0.value)) })
    }
    var metadata: [DocumentValue.Entry] = []
    if !annotations.isEmpty { metadata.append(.init("annotations", map(annotations))) }
    if !labels.isEmpty { metadata.append(.init("labels", map(labels))) }
    var spec: [DocumentValue.Entry] = []
    if movesTokenSetting { spec.append(.init("automountServiceAccountToken", .null)) }
    if let serviceAccount { spec.append(.init("serviceAccountName", .string(serviceAccount))) }
    var template: [DocumentValue.Entry] = []
    if !metadata.isEmpty { template.append(.init("metadata", .mapping(metadata))) }
    if !spec.isEmpty { template.append(.init("spec", .mapping(spec))) }
    return Self.document(of: workload, template: template)
  }

  /// A partial manifest of a workload with changes of its pod template.
  static func document(of id: ObjectReference, template: [DocumentValue.Entry]) -> DocumentValue {
    let body: [DocumentValue.Entry]
    var metadata: [DocumentValue.Entry] = [
      .init("name", .string(id.name)), .init("namespace", .string(id.namespace)),
    ]
    switch id.kind {
    case "Pod":
      metadata += template.first { $0.key == "metadata" }?.value.entries ?? []
      body = template.filter { $0.key == "spec" }
    case "CronJob":
      let inner = DocumentValue.mapping([.init("template", .mapping(template))])
      body = [.init("spec", .mapping([.init("jobTemplate", .mapping([.init("spec", inner)]))]))]
    default: body = [.init("spec", .mapping([.init("template", .mapping(template))]))]
    }
    return .mapping(
      [
        .init("apiVersion", .string(apiVersion(of: id.kind))), .init("kind", .string(id.kind)),
        .init("metadata", .mapping(metadata)),
      ] + body)
  }

  private static func apiVersion(of kind: String) -> String {
    switch kind {
    case "Pod", "ReplicationController": "v1"
    case "Job", "CronJob": "batch/v1"
    default: "apps/v1"
    }
  }
}
