package import FleetModel

/// What a mesh's own installation says about injection, as far as it is in the input. The defaults are those of the
/// installers' charts; nil means that the input does not tell.
package struct MeshSettings: Sendable, Equatable {
  /// `neverInjectSelector` and `alwaysInjectSelector` of the ConfigMap istio-sidecar-injector.
  package var istioNever: [LabelSelector] = []
  package var istioAlways: [LabelSelector] = []
  /// `policy: disabled` of that map: then only pods that ask by themselves are taken in.
  package var istioPolicyOff = false
  /// Every namespace is in unless it says otherwise (`sidecarInjectorWebhook.enableNamespacesByDefault`).
  package var istioEverywhere = false
  /// istiod's `ENABLE_NATIVE_SIDECARS`; its default depends on the version.
  package var istioNativeSidecars: Bool?
  package var linkerdNativeSidecars: Bool?
  /// `-default-inject` of Consul's injector: pods are in without asking. False in the chart.
  package var consulByDefault = false
  /// `-deny-k8s-namespace` of Consul's injector.
  package var consulDenied: Set<String> = []
  /// The key of `meshConfig` by dotted path to its value, such as `outboundTrafficPolicy.mode`; nil when there is no
  /// ConfigMap `istio` in the input.
  package var istioMeshConfig: [String: String]?
  /// The namespace whose policies hold for the whole mesh.
  package var istioRootNamespace: String { istioMeshConfig?["rootNamespace"] ?? "istio-system" }

  package init() {}

  package init(_ fleet: Fleet) {
    for map in fleet.configMaps { read(map) }
    for workload in fleet.workloads where Self.installers.contains(where: { workload.id.name.hasPrefix($0) }) {
      read(workload)
    }
  }

  private static let installers = ["istiod", "linkerd-proxy-injector", "consul-connect-injector"]

  private mutating func read(_ map: ConfigMap) {
    if map.id.name == "istio" || map.id.name.hasPrefix("istio-"), let text = map.data["mesh"]?.value {
      // Of several revisions' maps the one without a revision counts; maps come sorted by name.
      if istioMeshConfig == nil { istioMeshConfig = BlockText.scalars(text) }
    }
    if map.id.name.hasPrefix("istio-sidecar-injector"), let text = map.data["config"]?.value {
      istioPolicyOff = BlockText.scalars(text)["policy"] == "disabled"
      istioNever += BlockText.selectors(text, below: "neverInjectSelector")
      istioAlways += BlockText.selectors(text, below: "alwaysInjectSelector")
    }
    if map.id.name == "linkerd-config", let text = map.data["values"]?.value {
      let values = BlockText.scalars(text)
      linkerdNativeSidecars = (values["proxy.nativeSidecar"] ?? values["nativeSidecar"]).flatMap(Bool.init)
    }
  }

  private mutating func read(_ installer: Workload) {
    for container in installer.pod.containers {
      for variable in container.environment where variable.name == "ENABLE_NATIVE_SIDECARS" {
        if case .literal(let value) = variable.source { istioNativeSidecars = Bool(value) }
      }
      for argument in (container.command + container.args).flatMap({ $0.split(whereSeparator: \.isWhitespace) }) {
        if argument.hasSuffix("-default-inject=true") { consulByDefault = true }
        if let flag = argument.firstRange(of: "-deny-k8s-namespace=") {
          consulDenied.insert(String(argument[flag.upperBound...]))
        }
      }
    }
  }
}
