import Foundation
import Testing

/// A rollout with Istio's ambient mode by name alone, with a waypoint that is an object and no proxy, and with Chaos
/// Mesh as a few lines of this test. What is seen is what is written to a real API server, in which order, and that all
/// of it goes; nobody reads a weight.
@Suite(
  "Routes and faults of others", .serialized, .timeLimit(.minutes(15)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Definitions.folder != nil, "no definitions of meshes: set BULKHEAD_DATA"), .cluster)
struct MeshSplitTests {
  private static let plan = Plans.plan(
    mesh: "istioAmbient", capacity: 2,
    waves: [
      [("cart", ["enrol", "authoriseInShadow"]), ("users", ["enrol", "authoriseInShadow"])],
      [("cart", ["requireMutualTLS"])],
    ])

  @Test("a canary's share by routes and trials by Chaos Mesh, killed while they stand, gone on with, and taken back")
  func routesAndChaos() async throws {
    let cluster = try Cluster.current()
    try await withFolder { folder in
      let shop = Rollout(cluster: cluster, folder: folder)
      try await prepare(shop)
      var rollout = Rollout(cluster: try await cluster.asAccount("bulkhead-executor", in: folder), folder: folder)
      rollout.mesh = "istioAmbient"
      let before = try await shop.objects()
      let plan = try rollout.write("plan.yaml", Self.plan)
      let controllers = PlayedControllers(
        cluster,
        kinds: ["httproutes.gateway.networking.k8s.io", "gateways.gateway.networking.k8s.io"]
          + ["podchaos.chaos-mesh.org", "networkchaos.chaos-mesh.org", "stresschaos.chaos-mesh.org"])
      let killed = rollout
      try await controllers.playing {
        try await killed.startAndKill(plan: plan, out: "run", probes: false) {
          !controllers.sightings.shares.isEmpty
        }
        // Nobody is there, and whoever follows the route still finds pods on both of its ends.
        let backends = try await cluster.kubectl(
          "-n", "shop", "get", "endpoints", "bulkhead-canary-cart", "bulkhead-stable-cart", "-o",
          #"jsonpath={range .items[*]}{.subsets[*].addresses[*].ip}{"\n"}{end}"#)
        #expect(backends.split(separator: "\n").count == 2, "\(backends)")
        let resumed = try await killed.bulkhead("rollout", "resume", killed.path("run"))
        #expect(resumed.code == 0, "\(resumed.code): \(resumed.messages)")
        #expect(try await left(cluster).isEmpty)
        try expectRecord(killed)
        let undone = try await killed.bulkhead("rollout", "undo", killed.path("run"))
        #expect(undone.code == 0, "\(undone.messages)")
      }
      let seen = controllers.sightings
      #expect(seen.shares.count >= 2 && seen.empty.isEmpty, "\(seen)")
      #expect(
        seen.injected == ["NetworkChaos", "PodChaos", "StressChaos"] && seen.recovered == seen.injected, "\(seen)")
      #expect(try await left(cluster).isEmpty)
      #expect(try await shop.objects() == before)
      let refused = try cluster.audit(of: "bulkhead-executor").filter { $0.responseStatus?.code == 403 }
      #expect(refused.isEmpty, "refused: \(refused.map { "\($0.verb) \($0.requestURI)" })")
      try await cluster.deleteNamespaces("shop", "istio-system")
    }
  }

  private func expectRecord(_ rollout: Rollout) throws {
    let record = try rollout.record("run")
    #expect(record.result == "promoted")
    let trials = record.waves.flatMap(\.trials)
    #expect(trials.count >= 2 && trials.allSatisfy { $0.injectionVerified && $0.result == "pass" }, "\(trials)")
    #expect(record.leftOut?.contains { $0.contains("could tell that its calls took longer") } == true)
  }

  /// What a wave makes beside the workloads.
  private func left(_ cluster: Cluster) async throws -> String {
    let kinds = "httproutes.gateway.networking.k8s.io,services,deployments,podchaos,networkchaos,stresschaos"
    return try await cluster.kubectl(
      "-n", "shop", "get", kinds, "-l", "app.kubernetes.io/managed-by=bulkhead", "-o", "name")
  }

  private func prepare(_ rollout: Rollout) async throws {
    let cluster = rollout.cluster
    for file in Definitions.files { try await cluster.kubectl("create", "--validate=false", "-f", file) }
    try await cluster.kubectl(
      "apply", "-f", "-",
      input: OpenDefinitions.of(
        "chaos-mesh.org", version: "v1alpha1",
        [("podchaos", "PodChaos"), ("networkchaos", "NetworkChaos"), ("stresschaos", "StressChaos")]))
    try await cluster.kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all")
    try await cluster.kubectl("apply", "-f", "-", input: Self.controlPlane)
    let marked = RolloutShop.manifests.replacing(
      #""annotations":{"#, with: #""annotations":{"ambient.istio.io/redirection":"enabled","#)
    let manifests = marked.replacing(
      #""metadata":{"name":"shop"}"#,
      with: #""metadata":{"name":"shop","labels":{"istio.io/use-waypoint":"waypoint"}}"#)
    try await cluster.kubectl("apply", "-f", try rollout.write("shop.json", manifests))
    let isServed = try await eventually(within: .seconds(30)) {
      try await cluster.tryKubectl(["apply", "--validate=false", "-f", "-"], input: Self.waypoint).code == 0
    }
    #expect(isServed)
    try await cluster.installExecutor([
      ("shop", "istio"), ("shop", "gateway-api"), ("shop", "chaos-mesh"), ("istio-system", "control-plane"),
    ])
    let places = ["istiod", "ztunnel", "istio-cni-node"].map { ("istio-system", $0) }
    for (namespace, name) in places + [("shop", "cart"), ("shop", "users")] {
      try await cluster.kubectl("-n", namespace, "rollout", "status", "deployment/\(name)", "--timeout=120s")
    }
    let last = try await rollout.counted(by: "users")
    #expect(try await eventually { try await rollout.counted(by: "users").n >= last.n + 100 })
  }

  private static let waypoint = """
    {"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"waypoint","namespace":"shop"},
     "spec":{"gatewayClassName":"istio-waypoint","listeners":[{"name":"mesh","port":15008,"protocol":"HBONE"}]}}
    """

  private static let controlPlane =
    #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"istio-system"}}"# + "\n"
    + [("istiod", "app"), ("ztunnel", "app"), ("istio-cni-node", "k8s-app")].map { name, label in
      """
      {"apiVersion":"apps/v1","kind":"Deployment",
       "metadata":{"name":"\(name)","namespace":"istio-system","labels":{"\(label)":"\(name)"}},
       "spec":{"replicas":1,"selector":{"matchLabels":{"\(label)":"\(name)"}},
        "template":{"metadata":{"labels":{"\(label)":"\(name)"}},
         "spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"main","image":"bulkhead.test/standin:1",
          "command":["/usr/local/bin/sleep"],"args":["3600"]}]}}}}
      """
    }.joined(separator: "\n")
}
