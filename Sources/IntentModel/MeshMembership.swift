package import FleetModel

/// The meshes a rollout can use.
package enum Mesh: String, Sendable, Codable, CaseIterable {
  case istioSidecar, istioAmbient, linkerd, consul, envoy

  /// A proxy runs in each pod.
  package var hasSidecar: Bool { self != .istioAmbient }
  package var title: String {
    switch self {
    case .istioSidecar: "Istio (sidecar)"
    case .istioAmbient: "Istio (ambient)"
    case .linkerd: "Linkerd"
    case .consul: "Consul"
    case .envoy: "plain Envoy"
    }
  }
}

/// Whether a pod would be taken into a mesh when it starts, as the mesh's own injector or node agent decides it, and
/// how. Decided from labels and annotations of pod and namespace, never from what runs.
package struct MeshMembership: Sendable, Equatable {
  package enum Standing: Sendable, Equatable {
    /// Neither pod nor namespace asks for a mesh.
    case unasked
    case member(Mesh)
    /// Pod or namespace takes the pod out although the other one asks; the text is the label or annotation.
    case optedOut(Mesh, by: String)
    /// The labels contradict each other, so that the outcome depends on the installation; the text says which.
    case conflicting(Mesh, labels: String)
    /// Asked for, but the mesh cannot or will not take such a pod.
    case impossible(Mesh, because: String)
  }
  package var standing: Standing
  /// A proxy container written into the manifest itself, such as `istio-proxy`.
  package var injectedByHand: Bool
  /// True when the proxy starts before every other container and ends after them; nil when the input does not tell.
  package var nativeSidecar: Bool?
  /// Traffic that the pod's annotations keep away from the proxy.
  package var exclusions: [CaptureExclusion] = []
  /// `istio.io/rev` of pod or namespace.
  package var revision: String?
  /// `istio.io/use-waypoint` of pod or namespace; nil also for `none`.
  package var waypoint: String?

  /// The mesh it is a member of.
  package var mesh: Mesh? {
    if case .member(let mesh) = standing { return mesh }
    return nil
  }

  /// The workloads of a fleet that are in a mesh already, or would be at their next start.
  package static func members(of mesh: Mesh, in fleet: Fleet) -> [ObjectReference] {
    let settings = MeshSettings(fleet)
    let namespaces = Dictionary(fleet.namespaces.map { ($0.name, $0) }) { first, _ in first }
    return fleet.workloads.filter { workload in
      let namespace = namespaces[workload.id.namespace]
      return MeshMembership(
        workload, namespaceLabels: namespace?.labels ?? [:], namespaceAnnotations: namespace?.annotations ?? [:],
        settings: settings
      ).mesh == mesh
    }.map(\.id).sorted()
  }

  /// The mesh it is, should be or might be a member of.
  package var askedMesh: Mesh? {
    switch standing {
    case .unasked: nil
    case .member(let mesh), .optedOut(let mesh, _), .conflicting(let mesh, _), .impossible(let mesh, _): mesh
    }
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
  /// Namespaces that no injector touches (Istio's `IgnoredNamespaces`, the charts of Linkerd and Consul).
  package static let systemNamespaces: Set<String> = [
    "kube-system", "kube-public", "kube-node-lease", "local-path-storage",
  ]
  /// Namespaces of the cluster itself, of meshes, networks and Bulkhead: nobody means them who does not name them.
  package static let infrastructureNamespaces: Set<String> = systemNamespaces.union([
    "istio-system", "istio-ingress", "linkerd", "linkerd-cni", "linkerd-viz", "consul", "metallb-system",
    "calico-system", "tigera-operator", "cilium", "bulkhead",
  ])

  /// The rules are in `IstioInjection`, `LinkerdInjection` and `ConsulInjection`. Of several meshes that ask, the one
  /// that takes the pod counts; a proxy in the manifest counts where none asks.
  package init(
    _ workload: Workload, namespaceLabels: [String: String], namespaceAnnotations: [String: String],
    settings: MeshSettings = MeshSettings()
  ) {
    let written = Self.writtenProxy(workload)
    injectedByHand = written != nil
    let answers = [
      IstioInjection.sidecar(workload, namespaceLabels, settings), IstioInjection.ambient(workload, namespaceLabels),
      LinkerdInjection.standing(workload, namespaceLabels, namespaceAnnotations),
      ConsulInjection.standing(workload, settings),
    ].compactMap(\.self)
    let taken = answers.first { if case .member = $0 { true } else { false } }
    let byHand = written.flatMap { Self.proxyContainers[$0.name] }.map { Standing.member($0) }
    standing = taken ?? byHand ?? answers.first ?? .unasked
    if case .member(let mesh) = standing, let reason = Self.obstacle(workload, mesh, byHand: byHand != nil) {
      standing = .impossible(mesh, because: reason)
    }
    revision = workload.podLabels["istio.io/rev"] ?? namespaceLabels["istio.io/rev"]
    waypoint = (workload.podLabels["istio.io/use-waypoint"] ?? namespaceLabels["istio.io/use-waypoint"])
      .flatMap { $0 == "none" ? nil : $0 }
    guard let mesh = askedMesh else { return }
    nativeSidecar = Self.nativeSidecar(
      of: workload, in: mesh, namespaceAnnotations: namespaceAnnotations, settings: settings)
    exclusions = CaptureExclusion.all(in: workload.podAnnotations, namespaceAnnotations, mesh)
  }

  private static func writtenProxy(_ workload: Workload) -> Container? {
    workload.pod.initContainers.first { proxyContainers[$0.name] != nil }
      ?? workload.pod.containers.first { proxyContainers[$0.name] != nil }
  }

  private static func obstacle(_ workload: Workload, _ mesh: Mesh, byHand: Bool) -> String? {
    if workload.pod.hostNetwork { return "it uses the node's network" }
    if byHand { return nil }
    if systemNamespaces.contains(workload.id.namespace) {
      return "no injector touches the namespace \(workload.id.namespace)"
    }
    if mesh == .linkerd, workload.pod.automountServiceAccountToken == false {
      return "Linkerd passes over pods with automountServiceAccountToken: false"
    }
    return nil
  }

  /// Whether a mesh would run, or runs, its proxy as a native sidecar; nil when the input does not tell.
  package static func nativeSidecar(
    of workload: Workload, in mesh: Mesh, namespaceAnnotations namespace: [String: String], settings: MeshSettings
  ) -> Bool? {
    if let written = writtenProxy(workload) { return written.restartPolicy == "Always" }
    switch mesh {
    case .istioSidecar:
      return workload.podAnnotations["sidecar.istio.io/nativeSidecar"].flatMap { Bool($0.lowercased()) }
        ?? settings.istioNativeSidecars
    case .linkerd:
      let keys = [
        "config.beta.linkerd.io/proxy-enable-native-sidecar", "config.alpha.linkerd.io/proxy-enable-native-sidecar",
      ]
      return keys.lazy.compactMap { workload.podAnnotations[$0] ?? namespace[$0] }.first.flatMap { Bool($0) }
        ?? settings.linkerdNativeSidecars
    // The node's proxy is there before any pod, as long as the pod was enrolled (vector M09).
    case .istioAmbient: return true
    case .consul, .envoy: return nil
    }
  }
}
