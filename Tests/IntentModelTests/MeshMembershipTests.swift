import Diagnostics
import FleetModel
import IntentModel
import Testing

/// Injection as the meshes' own injectors decide it.
struct MeshMembershipTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var what: String
    var labels: [String: String] = [:]
    var notes: [String: String] = [:]
    var namespace: [String: String] = [:]
    var namespaceNotes: [String: String] = [:]
    var expected: String
    var testDescription: String { what }
  }

  private static let inject = "sidecar.istio.io/inject"
  private static let enabled = ["istio-injection": "enabled"]

  static let istio: [Case] = [
    Case(what: "nothing", expected: "unasked"),
    Case(what: "namespace", namespace: enabled, expected: "member istioSidecar"),
    Case(what: "revision of the namespace", namespace: ["istio.io/rev": "stable"], expected: "member istioSidecar"),
    Case(what: "pod label", labels: [inject: "true"], expected: "member istioSidecar"),
    Case(what: "pod revision", labels: ["istio.io/rev": "x"], expected: "member istioSidecar"),
    Case(what: "pod label no webhook selects", labels: [inject: "yes"], expected: "unasked"),
    Case(what: "annotation alone asks nobody", notes: [inject: "true"], expected: "unasked"),
    Case(what: "pod leaves", labels: [inject: "false"], namespace: enabled, expected: "out istioSidecar"),
    Case(what: "annotation leaves", notes: [inject: "no"], namespace: enabled, expected: "out istioSidecar"),
    Case(
      what: "label beats annotation", labels: [inject: "true"], notes: [inject: "false"], namespace: enabled,
      expected: "member istioSidecar"),
    Case(
      what: "namespace disabled beats the pod", labels: [inject: "true"], namespace: ["istio-injection": "disabled"],
      expected: "out istioSidecar"),
    Case(what: "disabled and silent", namespace: ["istio-injection": "disabled"], expected: "unasked"),
    Case(
      what: "disabled and revision", namespace: ["istio-injection": "disabled", "istio.io/rev": "x"],
      expected: "out istioSidecar"),
    Case(
      what: "enabled and revision", namespace: ["istio-injection": "enabled", "istio.io/rev": "x"],
      expected: "conflict istioSidecar"),
    Case(what: "false where nobody asks", labels: [inject: "false"], expected: "unasked"),
    Case(what: "ambient", namespace: ["istio.io/dataplane-mode": "ambient"], expected: "member istioAmbient"),
    Case(what: "ambient pod", labels: ["istio.io/dataplane-mode": "ambient"], expected: "member istioAmbient"),
    Case(
      what: "ambient left", labels: ["istio.io/dataplane-mode": "none"],
      namespace: ["istio.io/dataplane-mode": "ambient"], expected: "out istioAmbient"),
    Case(
      what: "a sidecar goes before ambient", labels: [inject: "true"],
      namespace: ["istio.io/dataplane-mode": "ambient"], expected: "member istioSidecar"),
    Case(
      what: "out of the sidecar, into ambient", labels: [inject: "false"],
      namespace: ["istio-injection": "enabled", "istio.io/dataplane-mode": "ambient"],
      expected: "member istioAmbient"),
  ]

  static let others: [Case] = [
    Case(what: "Linkerd namespace", namespaceNotes: ["linkerd.io/inject": "enabled"], expected: "member linkerd"),
    Case(what: "Linkerd ingress", notes: ["linkerd.io/inject": "ingress"], expected: "member linkerd"),
    Case(
      what: "Linkerd left", notes: ["linkerd.io/inject": "disabled"], namespaceNotes: ["linkerd.io/inject": "enabled"],
      expected: "out linkerd"),
    Case(
      what: "Linkerd typing error", notes: ["linkerd.io/inject": "true"],
      namespaceNotes: ["linkerd.io/inject": "enabled"], expected: "out linkerd"),
    Case(
      what: "Linkerd pod in a disabled namespace", notes: ["linkerd.io/inject": "enabled"],
      namespaceNotes: ["linkerd.io/inject": "disabled"], expected: "member linkerd"),
    Case(
      what: "Linkerd's webhooks off", notes: ["linkerd.io/inject": "enabled"],
      namespace: ["config.linkerd.io/admission-webhooks": "disabled"], expected: "out linkerd"),
    Case(what: "Consul", notes: ["consul.hashicorp.com/connect-inject": "true"], expected: "member consul"),
    Case(what: "Consul says no", notes: ["consul.hashicorp.com/connect-inject": "false"], expected: "unasked"),
  ]

  private func workload(_ row: Case, namespace: String = "shop") -> Workload {
    let id = ObjectReference(kind: "Deployment", namespace: namespace, name: "cart")
    var workload = Workload(id: id, location: SourceLocation(file: "in.yaml", line: 1))
    workload.podLabels = row.labels
    workload.podAnnotations = row.notes
    return workload
  }

  private func text(_ standing: MeshMembership.Standing) -> String {
    switch standing {
    case .unasked: "unasked"
    case .member(let mesh): "member \(mesh)"
    case .optedOut(let mesh, _): "out \(mesh)"
    case .conflicting(let mesh, _): "conflict \(mesh)"
    case .impossible(let mesh, _): "impossible \(mesh)"
    }
  }

  private func standing(_ row: Case, _ settings: MeshSettings = MeshSettings()) -> String {
    text(
      MeshMembership(
        workload(row), namespaceLabels: row.namespace, namespaceAnnotations: row.namespaceNotes, settings: settings
      ).standing)
  }

  @Test(arguments: istio + others) func itIsDecidedAsByTheInjector(_ row: Case) {
    #expect(standing(row) == row.expected)
  }

  @Test func theNodesNetworkAndSystemNamespacesAreImpossible() {
    var pod = workload(Case(what: "", labels: [Self.inject: "true"], expected: ""))
    pod.pod.hostNetwork = true
    #expect(
      text(MeshMembership(pod, namespaceLabels: [:], namespaceAnnotations: [:]).standing) == "impossible istioSidecar")
    let system = workload(Case(what: "", labels: [Self.inject: "true"], expected: ""), namespace: "kube-system")
    #expect(
      text(MeshMembership(system, namespaceLabels: [:], namespaceAnnotations: [:]).standing)
        == "impossible istioSidecar")
    var linkerd = workload(Case(what: "", notes: ["linkerd.io/inject": "enabled"], expected: ""))
    linkerd.pod.automountServiceAccountToken = false
    #expect(
      text(MeshMembership(linkerd, namespaceLabels: [:], namespaceAnnotations: [:]).standing) == "impossible linkerd")
  }

  @Test func theInstallationsSettingsCount() {
    var fleet = Fleet()
    let place = SourceLocation(file: "in.yaml", line: 1)
    var map = ConfigMap(
      id: ObjectReference(kind: "ConfigMap", namespace: "istio-system", name: "istio-sidecar-injector"), location: place
    )
    let config = """
      policy: enabled
      alwaysInjectSelector:
        - matchExpressions:
          - key: must
            operator: Exists
      neverInjectSelector:
        - matchLabels:
            kind: "build"   # no proxies there
        - matchExpressions:
          - key: tier
            operator: In
            values: [test, "dev"]
      templates:
        sidecar: |
          metadata:
            labels: {}
      """
    map.data["config"] = ConfigMap.Entry(value: config, location: place)
    fleet.configMaps = [map]
    let settings = MeshSettings(fleet)
    #expect(settings.istioNever.count == 2 && settings.istioAlways.count == 1)
    #expect(
      standing(Case(what: "", labels: ["kind": "build"], namespace: Self.enabled, expected: ""), settings)
        == "out istioSidecar")
    #expect(
      standing(Case(what: "", labels: ["tier": "dev"], namespace: Self.enabled, expected: ""), settings)
        == "out istioSidecar")
    #expect(
      standing(Case(what: "", labels: ["tier": "live"], namespace: Self.enabled, expected: ""), settings)
        == "member istioSidecar")
    // An own wish beats the selectors.
    #expect(
      standing(
        Case(what: "", labels: ["kind": "build", Self.inject: "true"], namespace: Self.enabled, expected: ""), settings)
        == "member istioSidecar")
    var byDefault = MeshSettings()
    byDefault.consulByDefault = true
    #expect(standing(Case(what: "", expected: ""), byDefault) == "member consul")
    #expect(
      standing(Case(what: "", notes: ["consul.hashicorp.com/connect-inject": "false"], expected: ""), byDefault)
        == "out consul")
  }

  @Test func nativeSidecarsAndExclusionsAreRead() {
    let row = Case(
      what: "", labels: [Self.inject: "true"],
      notes: [
        "sidecar.istio.io/nativeSidecar": "true", "traffic.sidecar.istio.io/excludeOutboundPorts": "5432",
        "traffic.sidecar.istio.io/includeInboundPorts": "*",
      ], expected: "")
    let membership = MeshMembership(
      workload(row), namespaceLabels: ["istio.io/use-waypoint": "w"], namespaceAnnotations: [:])
    #expect(membership.nativeSidecar == true && membership.waypoint == "w")
    #expect(membership.exclusions.map(\.value) == ["5432"] && membership.exclusions.first?.direction == .outbound)
    let silent = MeshMembership(
      workload(Case(what: "", labels: [Self.inject: "true"], expected: "")), namespaceLabels: [:],
      namespaceAnnotations: [:])
    #expect(silent.nativeSidecar == nil && silent.exclusions.isEmpty)
  }

  /// Any text is read in linear time and without a trap.
  @Test func hostileConfigurationIsHarmless() {
    var state: UInt64 = 42
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let parts = [
      "neverInjectSelector:", "- matchLabels:", "a: b", "- key: x", "operator: In", "values: [", "]", "  ", "\n",
      "\"", "'", "#", ": ", "\u{202E}", "matchExpressions:", "\t",
    ]
    for _ in 0..<2_000 {
      let text = (0..<next(60)).map { _ in parts[next(parts.count)] }.joined()
      _ = BlockText.scalars(text)
      _ = BlockText.selectors(text, below: "neverInjectSelector")
    }
    let deep = (0..<20_000).map { String(repeating: " ", count: min($0, 400)) + "k:" }.joined(separator: "\n")
    #expect(BlockText.scalars(deep + " v").count == 1)
  }
}
