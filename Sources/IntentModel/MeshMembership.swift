package import FleetModel

/// The meshes a rollout can use.
package enum Mesh: String, Sendable, Codable, CaseIterable {
  case istioSidecar, istioAmbient, linkerd, consul, envoy
}

/// Whether a pod would be taken into a mesh when it starts, as the mesh's own injector or node agent decides it, and
/// how. Decided from labels and annotations of pod and namespace, never from what runs.
package struct MeshMembership: Sendable, Equatable {
  package enum Standing: Sendable, Equatable {
    /// Neither pod nor namespace asks for a mesh.
    case unasked
    case member(Mesh)
    /// The pod takes itself out although its namespace is in; the text is the label or annotation.
    case optedOut(Mesh, by: String)
    /// The labels contradict each other, so that the outcome depends on the mesh's version; the text says which.
    case conflicting(Mesh, labels: String)
    /// Asked for, but a mesh cannot take such a pod (host network).
    case impossible(Mesh, because: String)
  }
  package var standing: Standing
  /// A proxy container written into the manifest itself, such as `istio-proxy`.
  package var injectedByHand: Bool

  /// The mesh it is a member of.
  package var mesh: Mesh? {
    if case .member(let mesh) = standing { return mesh }
    return nil
  }

  package init(standing: Standing, injectedByHand: Bool = false) {
    self.standing = standing
    self.injectedByHand = injectedByHand
  }
}

extension MeshMembership {
  package static let proxyContainers: [String: Mesh] = [
    "istio-proxy": .istioSidecar, "linkerd-proxy": .linkerd, "consul-dataplane": .consul,
  ]

  /// Istio: a pod's `sidecar.istio.io/inject` label (or, before, annotation) decides over the namespace; `istio.io/rev`
  /// counts as asking; ambient by `istio.io/dataplane-mode` and never where a sidecar is asked for (istio.io,
  /// "Installing the Sidecar" and "Add workloads to the mesh"). Linkerd: `linkerd.io/inject`. Consul:
  /// `consul.hashicorp.com/connect-inject`.
  package init(_ workload: Workload, namespaceLabels: [String: String], namespaceAnnotations: [String: String]) {
    injectedByHand = workload.pod.allContainers.contains { Self.proxyContainers[$0.name] != nil }
    let asked =
      Self.istioSidecar(workload, namespaceLabels) ?? Self.ambient(workload, namespaceLabels)
      ?? Self.linkerd(workload, namespaceAnnotations) ?? Self.consul(workload, namespaceLabels)
      ?? workload.pod.allContainers.lazy.compactMap { Self.proxyContainers[$0.name] }.first.map { .member($0) }
    guard case .member(let mesh) = asked, workload.pod.hostNetwork else {
      standing = asked ?? .unasked
      return
    }
    standing = .impossible(mesh, because: "it uses the node's network")
  }

  private static func istioSidecar(_ workload: Workload, _ namespace: [String: String]) -> Standing? {
    let key = "sidecar.istio.io/inject"
    let own = workload.podLabels[key] ?? workload.podAnnotations[key]
    let asksNamespace = namespace["istio-injection"] == "enabled" || namespace["istio.io/rev"] != nil
    if namespace["istio-injection"] != nil, namespace["istio.io/rev"] != nil {
      return .conflicting(.istioSidecar, labels: "the namespace has both istio-injection and istio.io/rev")
    }
    switch own {
    case "false": return asksNamespace ? .optedOut(.istioSidecar, by: "\(key)=false") : nil
    case "true":
      if namespace["istio-injection"] == "disabled" {
        return .conflicting(.istioSidecar, labels: "the pod asks by \(key)=true, the namespace has istio-injection=disabled")
      }
      return .member(.istioSidecar)
    default:
      if workload.podLabels["istio.io/rev"] != nil { return .member(.istioSidecar) }
      return asksNamespace ? .member(.istioSidecar) : nil
    }
  }

  private static func ambient(_ workload: Workload, _ namespace: [String: String]) -> Standing? {
    let key = "istio.io/dataplane-mode"
    let asksNamespace = namespace[key] == "ambient"
    switch workload.podLabels[key] {
    case "none": return asksNamespace ? .optedOut(.istioAmbient, by: "\(key)=none") : nil
    case "ambient": return .member(.istioAmbient)
    default: return asksNamespace ? .member(.istioAmbient) : nil
    }
  }

  private static func linkerd(_ workload: Workload, _ namespace: [String: String]) -> Standing? {
    let key = "linkerd.io/inject"
    let asks: Set<String> = ["enabled", "ingress"]
    let asksNamespace = namespace[key].map(asks.contains) ?? false
    guard let own = workload.podAnnotations[key] else { return asksNamespace ? .member(.linkerd) : nil }
    if asks.contains(own) { return .member(.linkerd) }
    return asksNamespace ? .optedOut(.linkerd, by: "\(key)=\(own)") : nil
  }

  private static func consul(_ workload: Workload, _ namespace: [String: String]) -> Standing? {
    let key = "consul.hashicorp.com/connect-inject"
    return workload.podAnnotations[key] == "true" ? .member(.consul) : nil
  }
}
