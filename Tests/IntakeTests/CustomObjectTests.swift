import Diagnostics
import FleetModel
import Intake
import Testing

struct CustomObjectTests {
  @Test(arguments: [
    ("networking.istio.io/v1beta1", "VirtualService", "default"),
    ("security.istio.io/v1", "PeerAuthentication", "default"),
    ("telemetry.istio.io/v1", "Telemetry", "default"), ("extensions.istio.io/v1alpha1", "WasmPlugin", "default"),
    ("install.istio.io/v1alpha1", "IstioOperator", "default"), ("sailoperator.io/v1", "Istio", ""),
    ("policy.linkerd.io/v1beta3", "Server", "default"), ("linkerd.io/v1alpha2", "ServiceProfile", "default"),
    ("consul.hashicorp.com/v1alpha1", "ServiceIntentions", "default"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute", "default"), ("gateway.networking.k8s.io/v1", "GatewayClass", ""),
    ("chaos-mesh.org/v1alpha1", "NetworkChaos", "default"), ("litmuschaos.io/v1alpha1", "ChaosEngine", "default"),
    ("argoproj.io/v1alpha1", "Rollout", "default"), ("flagger.app/v1beta1", "Canary", "default"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease", "default"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "default"),
  ])
  func areKeptAsWritten(_ version: String, _ kind: String, _ namespace: String) throws {
    let result = try Support.read(
      """
      apiVersion: \(version)
      kind: \(kind)
      metadata: {name: x, labels: {a: b}, annotations: {c: d}}
      spec: {text: "1", number: 1, part: 1.5, on: true, none: null, list: [a, [b], {c: d}]}
      status: {not: kept}
      """)
    let object = try #require(result.fleet.customObjects.first)
    #expect(result.findings.isEmpty && object.id == ObjectReference(kind: kind, namespace: namespace, name: "x"))
    #expect(object.apiVersion == version && version.hasPrefix(object.apiGroup + "/"))
    #expect(object.labels == ["a": "b"] && object.annotations == ["c": "d"])
    #expect(object.spec["text"] == .string("1") && object.spec["number"] == .integer(1) && object.spec["none"] == nil)
    #expect(object.spec["part"] == .number("1.5") && object.spec.entries.map(\.key).contains("none"))
    #expect(
      object.spec["list"] == .list([.string("a"), .list([.string("b")]), .mapping([.init("c", .string("d"))])]))
  }

  @Test func withoutASpecTheOtherFieldsAreIt() throws {
    let fleet = try Support.read(
      "{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: x}, egress: [a], status: {b: c}}"
    ).fleet
    #expect(fleet.customObjects.first?.spec == .mapping([.init("egress", .list([.string("a")]))]))
  }

  @Test func theSameKindOfTwoGroupsIsTwoObjects() throws {
    let gateway = { (version: String) in "{apiVersion: \(version), kind: Gateway, metadata: {name: g}}\n---\n" }
    let result = try Support.read(
      gateway("networking.istio.io/v1") + gateway("gateway.networking.k8s.io/v1")
        + gateway("networking.istio.io/v1beta1"))
    let versions = result.fleet.customObjects.map(\.apiVersion)
    #expect(versions == ["gateway.networking.k8s.io/v1", "networking.istio.io/v1beta1"])
    #expect(result.findings.map(\.code) == ["BH-INTAKE-006"])
  }

  @Test(arguments: ["notistio.io/v1", "istio.io.example.com/v1", "apiextensions.k8s.io/v1", "v1"])
  func otherGroupsAreNotRead(_ version: String) throws {
    let result = try Support.read("{apiVersion: \(version), kind: VirtualService, metadata: {name: x}}")
    #expect(result.fleet == Fleet() && result.findings.map(\.code) == ["BH-INTAKE-004"])
  }

  @Test func typedListsHandTheirVersionDown() throws {
    let result = try Support.read(
      "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicyList, items: [{metadata: {name: a}}]}")
    #expect(result.fleet.customObjects.map(\.id.kind) == ["AuthorizationPolicy"])
    #expect(result.fleet.customObjects.map(\.apiVersion) == ["security.istio.io/v1"] && result.findings.isEmpty)
  }
}
