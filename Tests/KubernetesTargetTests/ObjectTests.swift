import Diagnostics
import EnvoyMesh
import FleetModel
import Foundation
import Intake
import IntentModel
import KubernetesAPI
import Policies
import Testing

@testable import KubernetesTarget

/// A value from YAML or JSON, as the cluster would give it.
func value(_ json: String) throws -> DocumentValue { try JSONItem.read(Array(json.utf8)).value }

/// Compares with a file that people have read. `BULKHEAD_UPDATE_GOLDEN=1` writes it anew.
func expectGolden(_ text: String, _ name: String, file: String = #filePath) throws {
  let path = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Golden/\(name)")
  if ProcessInfo.processInfo.environment["BULKHEAD_UPDATE_GOLDEN"] == "1" {
    try Data(text.utf8).write(to: path)
  }
  #expect(text == (try String(contentsOf: path, encoding: .utf8)), "\(name) is different")
}

enum Sample {
  static let cart = ObjectReference(kind: "Deployment", namespace: "shop", name: "cart")
  static let live = """
    {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"cart","namespace":"shop","uid":"u1"},
     "spec":{"replicas":3,"selector":{"matchLabels":{"app":"cart"}},"strategy":{"type":"RollingUpdate"},
     "template":{"metadata":{"creationTimestamp":null,"labels":{"app":"cart"}},
      "spec":{"serviceAccountName":"cart","containers":[{"name":"app","image":"cart:1",
        "ports":[{"containerPort":8080}],"securityContext":{"runAsUser":1000}}],
        "volumes":[{"name":"data","emptyDir":{}}]}}}}
    """

  static func template(_ posture: Posture) -> PodTemplate {
    let sidecar = SidecarTemplate(
      images: SidecarImages(bulkhead: "b:1", envoy: "e:1"), discoveryAddress: "10.96.0.9", workload: cart,
      probePorts: [8080])
    return PodTemplate(workload: cart, posture: posture, revision: "w1-00c0ffee", additions: sidecar.additions)
  }
}

@Suite struct ObjectTests {
  @Test func aWorkloadIsPatchedWithItsSidecarAlone() throws {
    let posture = Posture(mutualTLS: .permissive, authorisation: .shadow)
    let body = PodTemplate.apply(
      Sample.cart, annotations: [ClusterNames.step: "wave-1/enrol", ClusterNames.epoch: "3"],
      template: Sample.template(posture).template)
    try expectGolden(YAMLText.document(body), "apply.yaml")
    // Nothing of the workload's own may be in it: an apply owns what it names.
    #expect(body[path: "spec", "replicas"] == nil && body[path: "spec", "selector"] == nil)
    let containers = body[path: "spec", "template", "spec", "containers"]?.elements ?? []
    #expect(containers.compactMap { $0["name"]?.string } == [ClusterNames.proxy])
  }

  @Test func aCanaryHasTheWorkloadsLabelsAndASelectorOfItsOwn() throws {
    let posture = Posture(mutualTLS: .strict, authorisation: .enforced, isolated: true)
    let canary = CanaryDeployment(
      live: try value(Sample.live), template: Sample.template(posture), replicas: 1,
      annotations: [ClusterNames.step: "wave-2/canary"])
    try expectGolden(YAMLText.document(canary.object), "canary.yaml")
    let labels = canary.object[path: "spec", "template", "metadata", "labels"]?.stringMap ?? [:]
    #expect(labels["app"] == "cart" && labels[ClusterNames.cohort] == "canary")
    let selector = canary.object[path: "spec", "selector", "matchLabels"]?.stringMap
    #expect(selector == ["app": "cart", ClusterNames.cohort: "canary"])
    let containers = canary.object[path: "spec", "template", "spec", "containers"]?.elements ?? []
    #expect(containers.compactMap { $0["name"]?.string } == ["app", ClusterNames.proxy])
  }

  @Test func onlyTheCaptureHasACapability() throws {
    let spec = Sample.template(Posture(mutualTLS: .permissive)).template["spec"] ?? .null
    let all = (spec["initContainers"]?.elements ?? []) + (spec["containers"]?.elements ?? [])
    let capable = all.filter { $0[path: "securityContext", "capabilities", "add"] != nil }
    #expect(all.count == 3)
    #expect(capable.compactMap { $0["name"]?.string } == [ClusterNames.capture])
    for container in all {
      #expect(container[path: "securityContext", "capabilities", "drop"]?.strings == ["ALL"])
      #expect(container[path: "securityContext", "readOnlyRootFilesystem"]?.bool == true)
    }
  }

  @Test func theSidecarIsStartedAsItsBootstrapWantsIt() {
    #expect(SidecarTemplate.envoyArguments == ClusterBootstrap.arguments)
  }

  @Test(arguments: [
    Posture.untouched, Posture(mutualTLS: .permissive),
    Posture(hardened: true, mutualTLS: .strict, authorisation: .enforced, isolated: true),
    Posture(hardened: true), Posture(mutualTLS: .permissive, authorisation: .shadow, isolated: true),
  ])
  func aPostureReadsBack(_ posture: Posture) { #expect(PostureText.read(PostureText.of(posture)) == posture) }

  @Test(arguments: ["mutualTLS=maybe", "nonsense", "authorisation=", "mutualTLS"])
  func whatIsNoPostureIsNone(_ text: String) { #expect(PostureText.read(text) == nil) }

  @Test func captureRulesLetTheNodePastToProbedPortsAlone() throws {
    var rules = CaptureText()
    rules.nodeAddresses = ["10.0.0.7", "10.88.0.1", "1.2.3.4; flush ruleset"]
    rules.probePorts = [8080, 9090, 8080]
    try expectGolden(rules.text, "capture.nft")
    #expect(!rules.text.contains("flush"))
    rules.probePorts = []
    #expect(!rules.text.contains("10.0.0.7"))
  }

  @Test(
    arguments: [
      ("Iface Destination Gateway Flags\neth0 00000000 0100580A 0003\n", "10.88.0.1"),
      ("Iface Destination Gateway Flags\neth0 0000580A 00000000 0001\n", nil), ("", nil), ("a\nb", nil),
      ("Iface Destination Gateway Flags\neth0 00000000 zz 0003\n", nil),
    ] as [(String, String?)])
  func theGatewayIsFound(_ routes: String, _ gateway: String?) { #expect(CaptureText.gateway(routes) == gateway) }

  @Test(arguments: [
    (#"{"metadata":{"labels":{"app.kubernetes.io/managed-by":"Helm"}}}"#, true),
    (#"{"metadata":{"annotations":{"meta.helm.sh/release-name":"shop"}}}"#, true),
    (#"{"metadata":{"annotations":{"argocd.argoproj.io/tracking-id":"x"}}}"#, true),
    (#"{"metadata":{"labels":{"kustomize.toolkit.fluxcd.io/name":"x"}}}"#, true),
    (#"{"metadata":{"labels":{"app.kubernetes.io/managed-by":"bulkhead"}}}"#, false),
    (#"{"metadata":{"ownerReferences":[{"kind":"Prometheus","name":"main","controller":true}]}}"#, true),
    (#"{"metadata":{"ownerReferences":[{"kind":"Release","name":"shop"}]}}"#, false),
    (#"{"metadata":{"labels":{"app":"cart"}}}"#, false), (#"{}"#, false),
  ])
  func objectsOfOthersAreKnown(_ json: String, _ isKept: Bool) throws {
    #expect((Ownership.keeper(of: try value(json)) != nil) == isKept)
  }

  @Test(arguments: [
    ("Service", "s", #""selector":{"app":"cart"}"#, 0, false), ("Service", "s", "", 0, false),
    (
      "PodDisruptionBudget", "b",
      #""selector":{"matchExpressions":[{"key":"bulkhead.dev/cohort","operator":"DoesNotExist"}]}"#, 1, true
    ),
    ("NetworkPolicy", "n", #""podSelector":{"matchLabels":{"bulkhead.dev/cohort":"canary"}}"#, 1, true),
    ("NetworkPolicy", "n", #""podSelector":{}"#, 0, false),
    ("HorizontalPodAutoscaler", "h", #""scaleTargetRef":{"kind":"Deployment","name":"cart"}"#, 1, false),
    ("HorizontalPodAutoscaler", "h", #""scaleTargetRef":{"kind":"Deployment","name":"other"}"#, 0, false),
    ("Deployment", "other", #""selector":{"matchLabels":{"app":"cart"}}"#, 1, false),
    (
      "Deployment", "cart-bulkhead-canary",
      #""selector":{"matchLabels":{"app":"cart","bulkhead.dev/cohort":"canary"}}"#, 0, false
    ),
    ("Deployment", "cart", #""selector":{"matchLabels":{"app":"cart"}}"#, 0, false),
    ("StatefulSet", "cart", #""selector":{"matchLabels":{"app":"cart"}}"#, 1, false),
    (
      "DaemonSet", "other",
      #""selector":{"matchExpressions":[{"key":"bulkhead.dev/cohort","operator":"DoesNotExist"}]}"#, 1, true
    ),
  ])
  func selectorsMustMeanTheSame(
    _ kind: String, _ name: String, _ spec: String, _ count: Int, _ isFatal: Bool
  ) throws {
    let json = #"{"kind":"\#(kind)","metadata":{"name":"\#(name)"},"spec":{\#(spec)}}"#
    let found = SelectorCheck.differences(
      workload: Sample.cart, pod: ["app": "cart"], added: [ClusterNames.cohort: "canary"], objects: [try value(json)])
    #expect(found.count == count)
    #expect(found.contains(where: \.isFatal) == isFatal)
  }
}
