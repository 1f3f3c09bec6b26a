import FleetModel

/// The mesh's control plane and kinds; DNS.
struct MeshChecks {
  let facts: ClusterFacts
  let plan: PreflightPlan

  var checks: [PreflightCheck] { [controlPlane, kinds] }

  /// What a mesh's control plane consists of, told by labels that its installers set.
  private struct Part {
    var label: String
    var value: String
    var name: String
  }

  private static func parts(_ mesh: PreflightPlan.Mesh) -> [Part] {
    switch mesh {
    case .istioSidecar: [Part(label: "app", value: "istiod", name: "istiod")]
    case .istioAmbient:
      [
        Part(label: "app", value: "istiod", name: "istiod"), Part(label: "app", value: "ztunnel", name: "ztunnel"),
        Part(label: "k8s-app", value: "istio-cni-node", name: "istio-cni-node"),
      ]
    case .linkerd:
      ["destination", "identity", "proxy-injector"].map {
        Part(label: "linkerd.io/control-plane-component", value: $0, name: "linkerd-\($0)")
      }
    case .consul: [Part(label: "component", value: "connect-injector", name: "consul-connect-injector")]
    case .envoy: []
    }
  }

  private func found(_ part: Part, _ controllers: [DocumentValue]) -> [DocumentValue] {
    controllers.filter { $0[path: "metadata", "labels"]?.stringMap[part.label] == part.value }
  }

  /// The mesh asked for; else the first that is there.
  private func chosen(_ controllers: [DocumentValue]) -> PreflightPlan.Mesh? {
    if let mesh = plan.mesh { return mesh }
    let order: [PreflightPlan.Mesh] = [.istioAmbient, .istioSidecar, .linkerd, .consul]
    return order.first { mesh in Self.parts(mesh).allSatisfy { !found($0, controllers).isEmpty } }
  }

  /// Whether a plugin of the node does what an init container of this mesh, or of any where none is named, would need
  /// rights for. Plain Envoy has none.
  static func hasPlugin(_ facts: ClusterFacts, for mesh: PreflightPlan.Mesh?) -> Bool {
    let plugins =
      switch mesh {
      case .istioSidecar, .istioAmbient: ["istio-cni-node"]
      case .linkerd: ["linkerd-cni"]
      case .consul: ["consul-cni"]
      case .envoy: [String]()
      case nil: ["istio-cni-node", "linkerd-cni", "consul-cni"]
      }
    return (facts.controllers.value ?? []).contains { controller in
      let name = controller[path: "metadata", "name"]?.string ?? ""
      return plugins.contains { name == $0 || name.hasSuffix($0) }
    }
  }

  var controlPlane: PreflightCheck {
    let title = "the mesh's control plane is there and healthy"
    guard let controllers = facts.controllers.value else {
      return PreflightCheck(
        "P31", .mesh, title, .unknown, facts.controllers.why, cure: "ask for the right to list deployments")
    }
    guard let mesh = chosen(controllers) else {
      return PreflightCheck(
        "P31", .mesh, title, .warning, "neither Istio, Linkerd nor Consul is installed",
        cure: "install one ('bulkhead choose' helps), or plan for plain Envoy with --mesh envoy")
    }
    let parts = Self.parts(mesh)
    guard !parts.isEmpty else { return PreflightCheck("P31", .mesh, title, .pass, "\(mesh.rawValue) needs none") }
    let missing = parts.filter { found($0, controllers).isEmpty }
    guard missing.isEmpty else {
      return PreflightCheck(
        "P31", .mesh, title, .fail, "\(mesh.rawValue) lacks \(missing.map(\.name).joined(separator: ", "))",
        cure: "install it, or name another mesh with --mesh")
    }
    let ill = parts.flatMap { found($0, controllers) }.filter { !Self.isHealthy($0) }
    guard ill.isEmpty else {
      return PreflightCheck(
        "P31", .mesh, title, .fail, "not ready: \(NodeChecks.some(ill.map(AdmissionChecks.place)))",
        cure: "kubectl describe tells why; enrol nothing before it is ready")
    }
    return PreflightCheck("P31", .mesh, title, .pass, mesh.rawValue)
  }

  /// All replicas of the newest specification are ready, and there is at least one.
  static func isHealthy(_ controller: DocumentValue) -> Bool {
    let status = controller["status"] ?? .null
    let generation = controller[path: "metadata", "generation"]?.integer ?? 0
    guard (status["observedGeneration"]?.integer ?? 0) >= generation else { return false }
    if let desired = status["desiredNumberScheduled"]?.integer {
      return desired > 0 && (status["numberReady"]?.integer ?? 0) >= desired
    }
    let wanted = controller["spec"]?["replicas"]?.integer ?? 1
    return wanted > 0 && (status["readyReplicas"]?.integer ?? 0) >= wanted
  }

  private static func kinds(_ mesh: PreflightPlan.Mesh) -> [(kind: String, group: String)] {
    switch mesh {
    case .istioSidecar, .istioAmbient:
      [("PeerAuthentication", "security.istio.io"), ("AuthorizationPolicy", "security.istio.io")]
    case .linkerd:
      [("Server", "policy.linkerd.io"), ("AuthorizationPolicy", "policy.linkerd.io")]
    case .consul: [("ServiceIntentions", "consul.hashicorp.com"), ("ServiceDefaults", "consul.hashicorp.com")]
    case .envoy: []
    }
  }

  private var kinds: PreflightCheck {
    let title = "the mesh's kinds are installed"
    guard let discovery = facts.discovery.value, let controllers = facts.controllers.value else {
      let why = facts.discovery.value == nil ? facts.discovery.why : facts.controllers.why
      return PreflightCheck("P32", .mesh, title, .unknown, why, cure: "see P03")
    }
    guard let mesh = chosen(controllers) else {
      return PreflightCheck("P32", .mesh, title, .unknown, "no mesh was found or named", cure: "name one with --mesh")
    }
    let missing = Self.kinds(mesh).filter { discovery.resource($0.kind, group: $0.group) == nil }
    guard missing.isEmpty else {
      return PreflightCheck(
        "P32", .mesh, title, .fail, "missing: \(missing.map { "\($0.kind).\($0.group)" }.joined(separator: ", "))",
        cure: "install the mesh's custom resource definitions")
    }
    let splitsByRoutes = mesh == .istioAmbient || mesh == .linkerd
    guard splitsByRoutes, discovery.resource("HTTPRoute", group: "gateway.networking.k8s.io") == nil else {
      return PreflightCheck("P32", .mesh, title, .pass, mesh.rawValue)
    }
    return PreflightCheck(
      "P32", .mesh, title, .pass, "\(mesh.rawValue); without HTTPRoute a canary's share is by number of pods")
  }

  // MARK: - DNS

  var dns: PreflightCheck {
    let title = "service names can be looked up"
    guard let services = facts.services.value, let endpoints = facts.endpoints.value else {
      let why = facts.services.value == nil ? facts.services.why : facts.endpoints.why
      return PreflightCheck("P41", .network, title, .unknown, why, cure: "see P03")
    }
    // Whatever the resolver is, its service bears this label, for the sake of old programs.
    let resolvers = services.filter {
      $0[path: "metadata", "labels"]?.stringMap["k8s-app"] == "kube-dns"
        || AdmissionChecks.place($0) == "kube-system/kube-dns"
    }
    guard !resolvers.isEmpty else {
      return PreflightCheck(
        "P41", .network, title, .warning, "no service kube-system/kube-dns was found",
        cure: "install CoreDNS, or see what the kubelets' clusterDNS names")
    }
    let alive = Set(endpoints.filter(AdmissionChecks.hasAddress).map(AdmissionChecks.place))
    return resolvers.contains { alive.contains(AdmissionChecks.place($0)) }
      ? PreflightCheck("P41", .network, title, .pass, NodeChecks.some(resolvers.map(AdmissionChecks.place)))
      : PreflightCheck(
        "P41", .network, title, .fail, "no pod answers for \(NodeChecks.some(resolvers.map(AdmissionChecks.place)))",
        cure: "kubectl -n kube-system get pods -l k8s-app=kube-dns")
  }
}
