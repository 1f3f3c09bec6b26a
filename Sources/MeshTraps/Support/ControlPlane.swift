import FleetModel
import IntentModel

/// What of the meshes' own parts, and of others' agents, is in the input.
struct ControlPlane: Sendable {
  /// Meshes whose control plane is in the input: what is missing then really is not there.
  private(set) var present: Set<Mesh> = []
  /// Meshes whose CNI plugin is there, so that pods need no init container with NET_ADMIN.
  private(set) var plugins: Set<Mesh> = []
  private(set) var istiodVersion: Version?
  private(set) var istiodTag: String?
  /// istiod takes the taint off new nodes once the agent runs there.
  private(set) var untaintsNodes = false
  /// cluster-autoscaler or Karpenter adds nodes.
  private(set) var nodeAutoscaler: ObjectReference?
  /// Falco, Tetragon, Kyverno, Gatekeeper and their like, by name and sorted.
  private(set) var securityAgents: [String] = []

  private static let planes: [(prefix: String, meshes: Set<Mesh>)] = [
    ("istiod", [.istioSidecar, .istioAmbient]), ("linkerd-proxy-injector", [.linkerd]),
    ("linkerd-destination", [.linkerd]), ("consul-connect-injector", [.consul]),
  ]
  private static let pluginPrefixes: [(prefix: String, mesh: Mesh)] = [
    ("istio-cni", .istioSidecar), ("linkerd-cni", .linkerd), ("consul-cni", .consul),
  ]
  private static let agents = ["falco", "tetragon", "kyverno", "gatekeeper", "kubearmor", "tracee"]

  init(_ fleet: Fleet) {
    var agents: Set<String> = []
    for workload in fleet.workloads {
      let name = workload.id.name
      for plane in Self.planes where name.hasPrefix(plane.prefix) { present.formUnion(plane.meshes) }
      for plugin in Self.pluginPrefixes where name.hasPrefix(plugin.prefix) && workload.id.kind == "DaemonSet" {
        plugins.insert(plugin.mesh)
      }
      if name.hasPrefix("istiod") { read(istiod: workload) }
      if name.contains("cluster-autoscaler") || name.hasPrefix("karpenter"), nodeAutoscaler == nil {
        nodeAutoscaler = workload.id
      }
      if let agent = Self.agents.first(where: { name.hasPrefix($0) }) { agents.insert(agent) }
    }
    for object in fleet.customObjects where object.apiGroup == "kyverno.io" { agents.insert("kyverno") }
    for object in fleet.customObjects where object.apiGroup.hasSuffix("gatekeeper.sh") { agents.insert("gatekeeper") }
    securityAgents = agents.sorted()
  }

  private mutating func read(istiod: Workload) {
    for container in istiod.pod.containers {
      untaintsNodes =
        untaintsNodes
        || container.environment.contains {
          $0.name == "PILOT_ENABLE_NODE_UNTAINT_CONTROLLERS" && $0.source == .literal("true")
        }
      guard let tag = ImageTag.of(container.image), container.image.contains("pilot") else { continue }
      istiodTag = istiodTag ?? tag
      istiodVersion = istiodVersion ?? Version(tag)
    }
  }
}

enum ImageTag {
  /// The tag of an image reference; nil where there is none.
  static func of(_ image: String) -> String? {
    let name = image.prefix { $0 != "@" }
    let last = name.split(separator: "/").last ?? ""
    guard let colon = last.firstIndex(of: ":") else { return nil }
    return String(last[last.index(after: colon)...])
  }
}

/// Facts of the nodes that decide about native sidecars.
struct NodeFactsSummary: Sendable {
  /// Every node is known, and one of them is older than Kubernetes 1.29.
  let lacksNativeSidecars: Bool

  init(kubelets: [Version?]) {
    lacksNativeSidecars =
      !kubelets.isEmpty && kubelets.allSatisfy { $0 != nil }
      && kubelets.contains { $0.map { $0.numbers.lexicographicallyPrecedes([1, 29]) } ?? false }
  }
}
