import Diagnostics
import FleetModel
import Testing

@testable import Intake
@testable import KubernetesAPI

struct ClusterReaderTests {
  private func answer(_ text: String) -> FakeCluster.Answer { FakeCluster.Answer(status: 200, body: Array(text.utf8)) }

  /// A small shop, as an API server tells it.
  private func shop() -> FakeCluster {
    let cluster = FakeCluster()
    func group(_ path: String, _ kinds: String) {
      let entries = kinds.split(separator: " ").map { word -> String in
        let parts = word.split(separator: "/").map(String.init)
        return #"{"name":"\#(parts[0])","kind":"\#(parts[1])","namespaced":\#(parts.count < 3),"verbs":["get","list"]}"#
      }
      let list = #"{"kind":"APIResourceList","resources":[\#(entries.joined(separator: ","))]}"#
      cluster.script("GET \(path)", [answer(list)])
    }
    let core = "pods/Pod services/Service secrets/Secret nodes/Node/cluster namespaces/Namespace/cluster"
    group("/api/v1", core + " events/Event")
    let groups = ["apps/v1", "batch/v1,v1beta1", "security.istio.io/v1", "example.com/v1", "extensions/v1beta1"].map {
      let parts = $0.split(separator: "/").map(String.init)
      let versions = parts[1].split(separator: ",").map { #"{"version":"\#($0)"}"# }.joined(separator: ",")
      return #"{"name":"\#(parts[0])","versions":[\#(versions)],"preferredVersion":{"version":"v1"}}"#
    }
    cluster.script("GET /apis", [answer(#"{"groups":[\#(groups.joined(separator: ","))]}"#)])
    group("/apis/apps/v1", "deployments/Deployment replicasets/ReplicaSet deployments/status/Deployment")
    group("/apis/batch/v1", "jobs/Job")
    group("/apis/batch/v1beta1", "cronjobs/CronJob jobs/Job")
    group("/apis/security.istio.io/v1", "peerauthentications/PeerAuthentication")
    group("/apis/extensions/v1beta1", "deployments/Deployment ingresses/Ingress")
    func put(_ path: String, _ kind: String, _ rest: String = "") {
      let parts = path.split(separator: "/")
      let namespace = parts.dropLast(2).last.map(String.init) ?? ""
      let place = path.contains("/namespaces/") ? #","namespace":"\#(namespace)""# : ""
      cluster.put(path, #"{"metadata":{"name":"\#(parts.last ?? "")"\#(place)\#(kind)}\#(rest)}"#)
    }
    let variable = #"{"name":"DB","value":"db:5432"}"#
    let container = #"{"name":"main","image":"cart:1","env":[\#(variable)]}"#
    let pod = #"{"serviceAccountName":"cart","containers":[\#(container)]}"#
    put(
      "/apis/apps/v1/namespaces/shop/deployments/cart", "",
      #","spec":{"replicas":2,"template":{"metadata":{"labels":{"app":"cart"}},"spec":\#(pod)}}"#)
    put(
      "/apis/apps/v1/namespaces/shop/replicasets/cart-1", #","ownerReferences":[{"kind":"Deployment","name":"cart"}]"#,
      #","spec":{"template":{"metadata":{"labels":{"app":"cart"}},"spec":\#(pod)}}"#)
    put(
      "/api/v1/namespaces/shop/pods/cart-1-x", #","ownerReferences":[{"kind":"ReplicaSet","name":"cart-1"}]"#,
      #","spec":\#(pod),"status":{"podIP":"10.0.0.9"}"#)
    put("/api/v1/namespaces/shop/pods/lonely", "", #","spec":\#(pod)"#)
    put("/api/v1/namespaces/shop/services/db", "", #","spec":{"ports":[{"port":5432}],"selector":{"app":"db"}}"#)
    put("/api/v1/namespaces/shop/secrets/key", "", #","data":{"password":"aHVudGVyMg=="}"#)
    put("/api/v1/nodes/n1", "", #","status":{"nodeInfo":{"kernelVersion":"6.1.0","kubeletVersion":"v1.29.3"}}"#)
    put("/api/v1/namespaces/shop", #","labels":{"istio-injection":"enabled"}"#)
    put(
      "/apis/security.istio.io/v1/namespaces/shop/peerauthentications/default", "",
      #","apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","spec":{"mtls":{"mode":"STRICT"}}"#)
    for kind in ["jobs", "cronjobs"] {
      let version = kind == "jobs" ? "v1" : "v1beta1"
      cluster.script("GET /apis/batch/\(version)/namespaces/shop/\(kind)", [answer(#"{"kind":"JobList","items":[]}"#)])
    }
    let none = answer(#"{"kind":"IngressList","items":[]}"#)
    cluster.script("GET /apis/extensions/v1beta1/namespaces/shop/ingresses", [none])
    return cluster
  }

  private func read(_ cluster: FakeCluster, namespace: String? = "shop") async throws -> ClusterReader.Outcome {
    try await FakeServer.with(cluster) { server in
      try await server.client { try await ClusterReader($0, namespace: namespace).read() }
    }
  }

  @Test func aClusterIsReadLikeManifests() async throws {
    let cluster = shop()
    let outcome = try await read(cluster)
    let result = Intake().assemble(outcome.objects, findings: outcome.findings)
    let fleet = result.fleet
    #expect(outcome.findings.isEmpty, "\(outcome.findings)")
    #expect(fleet.workloads.map(\.id.description) == ["shop/cart[Deployment]", "shop/lonely[Pod]"])
    #expect(fleet.workloads[0].replicas == 2 && fleet.workloads[0].pod.serviceAccount == "cart")
    #expect(fleet.nodes.first?.facts.kernel?.description == "6.1.0")
    #expect(fleet.namespaces.first?.labels["istio-injection"] == "enabled")
    #expect(fleet.customObjects.first?.spec[path: "mtls", "mode"]?.string == "STRICT")
    #expect(fleet.secrets.map(\.id.name) == ["key"])
    #expect(fleet.calls.contains { $0.host == "db" && $0.port == 5432 })
    // Where there is no file: which state of which object.
    let place = fleet.workloads[0].location
    #expect(place.line == 0 && place.file.hasPrefix("Deployment/shop/cart@"), "\(place)")
    #expect(fleet.nodes.first?.location.file.hasPrefix("Node/n1@") == true)
    let secrets = try #require(cluster.requests.first { $0.path.hasSuffix("/secrets") })
    #expect(secrets.header("Accept")?.contains("as=PartialObjectMetadataList") == true)
    // Kinds that nobody reads, and groups, are not asked for; kinds of `extensions` not twice.
    for path in ["events", "example.com", "extensions/v1beta1/namespaces/shop/deployments"] {
      #expect(!cluster.requests.contains { $0.path.contains(path) }, "\(path)")
    }
  }

  /// What may not be read is a finding, and never an empty list.
  @Test func whatMayNotBeReadIsSaid() async throws {
    let cluster = shop()
    cluster.forbid(["/api/v1/nodes", "/api/v1/namespaces", "/api/v1/namespaces/shop/secrets"])
    let outcome = try await read(cluster)
    #expect(outcome.findings.map(\.code) == ["BH-INTAKE-014", "BH-INTAKE-014", "BH-INTAKE-014"])
    let messages = outcome.findings.map(\.message).sorted()
    #expect(messages[0].hasPrefix("namespaces: not read") && messages[1].hasPrefix("nodes: not read"))
    #expect(messages[2].hasPrefix("secrets: not read in the namespace shop"))
    #expect(outcome.refused.count == 3)
    // The own namespace can be read although all cannot.
    #expect(Intake().assemble(outcome.objects).fleet.namespaces.map(\.name) == ["shop"])
  }

  @Test func oneBrokenKindDoesNotHideTheOthers() async throws {
    let cluster = shop()
    cluster.script(
      "GET /apis/security.istio.io/v1/namespaces/shop/peerauthentications",
      [FakeCluster.status(500, "conversion failed")])
    cluster.script("GET /apis/extensions/v1beta1", [FakeCluster.status(503, "away")])
    let outcome = try await read(cluster)
    let messages = outcome.findings.map(\.message).sorted()
    #expect(messages.map { $0.prefix(20) } == ["*.extensions: its se", "peerauthentications."])
    #expect(!outcome.objects.isEmpty)
  }

  @Test func aServerThatIsAwayIsAnError() async throws {
    let cluster = shop()
    cluster.fail([nil, nil, nil, nil, nil, nil, nil, nil] + [FakeCluster.Fault?](repeating: .hangUp, count: 500))
    let failure = await Fixtures.failure { _ = try await read(cluster) }
    #expect(failure?.kind == .interrupted)
  }

  @Test func autoscalersComeInTheirNewestVersion() {
    func versions(_ name: String, _ list: [String], _ preferred: String) -> [String] {
      let entries = list.map { #"{"version":"\#($0)"}"# }.joined(separator: ",")
      return KubernetesClient.versions(
        Fixtures.json(#"{"name":"\#(name)","versions":[\#(entries)],"preferredVersion":{"version":"\#(preferred)"}}"#))
    }
    #expect(versions("autoscaling", ["v1", "v2beta1", "v2"], "v1") == ["v2", "v2beta1", "v1"])
    #expect(versions("batch", ["v1beta1", "v1"], "v1") == ["v1", "v1beta1"])
  }

  /// The same objects as YAML and as a list of a cluster: the same fleet, places apart.
  @Test func locationsAreTheOnlyDifference() throws {
    let container =
      #"{"name":"c","image":"i","ports":[{"containerPort":80}],"resources":{"requests":{"cpu":"100m"}}}"#
    let pod = #"{"hostNetwork":true,"containers":[\#(container)]}"#
    let spec = #"{"replicas":3,"template":{"metadata":{"labels":{"a":"b"}},"spec":\#(pod)}}"#
    let metadata = #"{"name":"x","namespace":"n","labels":{"k":"v","yes":"no"},"annotations":{"t":"line\nline"}}"#
    let whole = #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":\#(metadata),"spec":\#(spec)}"#
    let file = try Intake().read([InputSource(name: "f", bytes: Array(whole.utf8))])
    let item = try JSONItem.read(Array(#"{"metadata":\#(metadata),"spec":\#(spec)}"#.utf8))
    let live = Intake().assemble([ClusterObject(item, kind: "Deployment", apiVersion: "apps/v1")])
    var (a, b) = (try #require(file.fleet.workloads.first), try #require(live.fleet.workloads.first))
    (a.location, b.location) = (Fixtures.place, Fixtures.place)
    for index in a.pod.containers.indices {
      a.pod.containers[index].location = Fixtures.place
      b.pod.containers[index].location = Fixtures.place
    }
    #expect(a == b && file.findings.isEmpty && live.findings.isEmpty)
  }
}
