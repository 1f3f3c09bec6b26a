import FleetModel
import Foundation
import Intake
import IntentModel
import Policies
import Testing

/// Rollouts with a mesh that brings its own control plane, on an API server with the meshes' own definitions. There is
/// no control plane behind them: what is seen here is what is written, what is refused, and what is taken back.
@Suite(
  "Rollouts with other meshes", .serialized, .timeLimit(.minutes(15)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Definitions.folder != nil, "no definitions of meshes: set BULKHEAD_DATA"), .cluster)
struct MeshRolloutTests {
  static let boutique = (Definitions.folder ?? "") + "/../online-boutique/kubernetes-manifests.yaml"

  private func define(_ cluster: Cluster) async throws {
    for file in Definitions.files {
      _ = try await cluster.tryKubectl(["create", "--validate=false", "-f", file])
    }
    try await cluster.kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all")
  }

  /// Every object of every posture, of a plan for Online Boutique.
  @Test("the API server takes every object of every posture", arguments: [Mesh.istioSidecar, .istioAmbient, .linkerd])
  func objectsAreTaken(_ mesh: Mesh) async throws {
    let cluster = try Cluster.current()
    try await define(cluster)
    let fleet = try Intake().read(try InputLoader.load([Self.boutique])).fleet
    let policies = try #require(
      PostureObjects(fleet, mesh: mesh, enrolled: Set(fleet.workloads.map(\.id)), watchers: ["192.0.2.1/32"]))
    let postures = [
      Posture(mutualTLS: .permissive), Posture(mutualTLS: .permissive, authorisation: .shadow),
      Posture(mutualTLS: .strict, authorisation: .enforced, isolated: true),
    ]
    let all = fleet.workloads.flatMap { workload in postures.flatMap { policies.objects(of: workload.id, in: $0) } }
    // Two postures may share an object.
    let objects = all.enumerated().filter { place, object in
      all.firstIndex { $0.id == object.id } == place
    }.map(\.element)
    let kinds = Set(objects.map(\.id.kind)).sorted()
    #expect(kinds.count >= (mesh == .istioAmbient ? 3 : 4), "\(kinds)")
    let yaml = objects.map(\.yaml).joined(separator: "---\n")
    func apply() async throws -> Tool.Ending {
      try await cluster.tryKubectl(
        ["apply", "--server-side", "--validate=false", "--field-manager=bulkhead", "-f", "-"], input: yaml)
    }
    var ending = try await apply()
    // The server answers 404 for a moment after it has said that a definition is established.
    _ = try await eventually(within: .seconds(30)) {
      guard ending.code != 0, ending.messages.contains("no matches for kind") || ending.messages.contains("NotFound")
      else { return true }
      ending = try await apply()
      return false
    }
    #expect(ending.code == 0, "\(ending.messages.prefix(2_000))")
    #expect(ending.output.split(separator: "\n").count == objects.count)
    try await cluster.kubectl(
      "delete", kinds.map { $0.lowercased() + "s" }.map(Self.plural).joined(separator: ","), "-n", "default", "--all")
  }

  /// As the pure tests have written them.
  @Test(
    "the API server takes every step of a split, and a delay",
    arguments: ["split-istio", "split-gateway", "delay-istio"])
  func splitsAreTaken(_ name: String) async throws {
    let cluster = try Cluster.current()
    try await define(cluster)
    _ = try await cluster.tryKubectl(["create", "namespace", RolloutShop.namespace])
    let file = "\(Tool.project)/Tests/KubernetesTargetTests/Golden/\(name).yaml"
    let words = ["apply", "--server-side", "--validate=false", "--field-manager=bulkhead", "-f", file]
    var ending = Tool.Ending(code: 1, output: "", messages: "")
    // The server answers 404 for a moment after it has said that a definition is established.
    let isTaken = try await eventually(within: .seconds(30)) {
      ending = try await cluster.tryKubectl(words)
      return ending.code == 0
    }
    #expect(isTaken, "\(ending.messages.prefix(2_000))")
    try await cluster.deleteNamespaces(RolloutShop.namespace)
  }

  private static func plural(_ name: String) -> String {
    let group =
      name.hasPrefix("networkpol")
      ? "networking.k8s.io"
      : name.hasPrefix("sidecar")
        ? "networking.istio.io"
        : ["servers", "meshtlsauthentications", "networkauthentications"].contains(name)
          ? "policy.linkerd.io" : "security.istio.io"
    let plural = name.hasSuffix("ys") ? name.dropLast(2) + "ies" : Substring(name)
    return "\(plural).\(group)"
  }

  // MARK: - Without a control plane

  private func withShop(_ body: (Rollout) async throws -> Void) async throws {
    let cluster = try Cluster.current()
    try await withFolder { folder in
      var rollout = Rollout(cluster: cluster, folder: folder)
      rollout.mesh = "istioSidecar"
      try await cluster.kubectl("apply", "-f", try rollout.write("shop.json", RolloutShop.manifests))
      for app in ["cart", "users"] {
        try await cluster.kubectl(
          "-n", RolloutShop.namespace, "rollout", "status", "deployment/\(app)", "--timeout=120s")
      }
      try await body(rollout)
      try await cluster.deleteNamespaces(RolloutShop.namespace)
    }
  }

  private func plan(_ rollout: Rollout) async throws -> String {
    let planned = try await rollout.bulkhead(
      "plan", "--kube", "-n", RolloutShop.namespace, "--mesh", rollout.mesh, "--capacity", "2", "-o", "yaml")
    try #require(planned.code == 0, "\(planned.messages)")
    return try rollout.write("plan.yaml", planned.output)
  }

  private static let ours = [
    "get", "deployments,networkpolicies,peerauthentications,authorizationpolicies.security.istio.io,sidecars", "-A",
    "-l",
    "app.kubernetes.io/managed-by=bulkhead", "-o", "name",
  ]

  @Test("refuses to begin where the control plane is not, and writes nothing")
  func withoutControlPlane() async throws {
    try await withShop { rollout in
      try await define(rollout.cluster)
      let plan = try await plan(rollout)
      let before = try await rollout.objects()
      let ending = try await rollout.start(plan: plan, out: "run", "--skip-trials")
      #expect(ending.code == 78, "\(ending.code): \(ending.messages)")
      #expect(ending.messages.contains("istiod") && ending.messages.contains("cure"), "\(ending.messages)")
      #expect(try await rollout.objects() == before)
      #expect(try await rollout.cluster.tryKubectl(["get", "namespace", "bulkhead"]).code != 0)
      #expect(!FileManager.default.fileExists(atPath: rollout.path("run") + "/start.json"))
      let other = try await rollout.bulkhead(
        "rollout", "start", "--plan", plan, "--kube", "--mesh", "linkerd", "--out", rollout.path("other"))
      #expect(other.code == 65, "\(other.code): \(other.messages)")
    }
  }

  /// A control plane by name alone: nothing injects.
  private static let lameIstiod = """
    {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"istio-system"}}
    {"apiVersion":"apps/v1","kind":"Deployment",
     "metadata":{"name":"istiod","namespace":"istio-system","labels":{"app":"istiod"}},
     "spec":{"replicas":1,"selector":{"matchLabels":{"app":"istiod"}},
      "template":{"metadata":{"labels":{"app":"istiod"}},
       "spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"discovery","image":"bulkhead.test/standin:1",
        "command":["/usr/local/bin/sleep"],"args":["3600"]}]}}}}
    """

  @Test("takes a wave back whose pods the mesh did not take in, and leaves nothing behind")
  func withoutInjector() async throws {
    try await withShop { rollout in
      try await define(rollout.cluster)
      try await rollout.cluster.kubectl("apply", "-f", "-", input: Self.lameIstiod)
      try await rollout.cluster.kubectl(
        "-n", "istio-system", "rollout", "status", "deployment/istiod", "--timeout=120s")
      let plan = try await plan(rollout)
      let before = try await rollout.objects()
      let ending = try await rollout.start(plan: plan, out: "run", "--skip-trials")
      #expect(ending.code == 80, "\(ending.code): \(ending.messages)")
      let wave = try #require(try rollout.record("run").waves.first)
      #expect(wave.result == "rolledBack")
      #expect(wave.reason?.contains("lacks the container istio-proxy") == true, "\(wave.reason ?? "")")
      #expect(try await rollout.objects() == before)
      #expect(try await rollout.cluster.tryKubectl(Self.ours).output == "")
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
      try await rollout.cluster.deleteNamespaces("istio-system", "bulkhead")
    }
  }
}
