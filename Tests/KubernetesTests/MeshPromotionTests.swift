import Foundation
import Testing

/// A promotion with proxies that Bulkhead did not make. They stand in the manifest, as the mesh's injector would leave
/// them: a real Envoy by the name of Consul's, with the statistics that Consul's has. Consul itself is not there, and
/// its kinds are open ones of this test's.
@Suite(
  "A rollout with proxies of another mesh", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"), .clusterForRollouts)
struct MeshPromotionTests {
  @Test("promotes by what the proxies count, with the rights of its mesh alone, and takes all of it back")
  func promoted() async throws {
    let cluster = try Cluster.current()
    try await withFolder { folder in
      let shop = Rollout(cluster: cluster, folder: folder)
      try await prepare(shop)
      try await cluster.installExecutor([("shop", "consul"), ("consul", "control-plane"), ("default", "control-plane")])
      var rollout = Rollout(cluster: try await cluster.asAccount("bulkhead-executor", in: folder), folder: folder)
      rollout.mesh = "consul"
      let before = try await shop.objects()
      let plan = try rollout.write("plan.yaml", Self.plan)
      let controllers = PlayedControllers(
        cluster, kinds: ["serviceresolvers.consul.hashicorp.com", "servicesplitters.consul.hashicorp.com"])
      let consul = rollout
      try await controllers.playing {
        let ending = try await consul.start(plan: plan, out: "run", "--skip-trials")
        try #require(ending.code == 0, "\(ending.code): \(ending.messages)")
      }
      let record = try rollout.record("run")
      #expect(record.result == "promoted" && record.waves.map(\.result) == ["promoted", "promoted"])
      #expect(controllers.sightings.shares.count >= 2, "\(controllers.sightings)")
      #expect(try await splits(cluster) == "")
      #expect(record.leftOut?.contains { $0.contains("Consul has no rules that count only") } == true)
      let mode = try await cluster.kubectl(
        "-n", RolloutShop.namespace, "get", "servicedefaults", "cart", "-o", "jsonpath={.spec.mutualTLSMode}")
      #expect(mode == "permissive")
      let sources = try await cluster.kubectl(
        "-n", RolloutShop.namespace, "get", "serviceintentions", "bulkhead-cart", "-o",
        "jsonpath={.spec.sources[*].name}={.spec.sources[*].action}")
      #expect(sources == "users *=allow deny")
      let annotations = try await cluster.kubectl(
        "-n", RolloutShop.namespace, "get", "deployment", "cart", "-o",
        #"jsonpath={.spec.template.metadata.annotations.consul\.hashicorp\.com/connect-inject}"#)
      #expect(annotations == "true")

      let refused = try cluster.audit(of: "bulkhead-executor").filter { $0.responseStatus?.code == 403 }
      #expect(refused.isEmpty, "refused: \(refused.map { "\($0.verb) \($0.requestURI)" })")
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await shop.objects() == before)
      let left = try await cluster.tryKubectl(
        ["get", "servicedefaults,serviceintentions,deployments", "-A", "-l", "app.kubernetes.io/managed-by=bulkhead"])
      #expect(left.output == "")
      #expect(try await splits(cluster) == "")
      try await cluster.deleteNamespaces(RolloutShop.namespace, "consul")
    }
  }

  private static let plan = Plans.plan(
    mesh: "consul", capacity: 2,
    waves: [
      [("cart", ["enrol", "authoriseInShadow"]), ("users", ["enrol", "authoriseInShadow"])],
      [("cart", ["authorise"])],
    ])

  private func splits(_ cluster: Cluster) async throws -> String {
    try await cluster.kubectl("get", "serviceresolvers,servicesplitters", "-A", "-o", "name")
  }

  private func prepare(_ rollout: Rollout) async throws {
    let cluster = rollout.cluster
    try await cluster.kubectl("apply", "-f", "-", input: Self.definitions)
    try await cluster.kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all")
    let isServed = try await eventually(within: .seconds(30)) {
      try await cluster.tryKubectl(["apply", "-f", "-"], input: Self.controlPlane).code == 0
    }
    #expect(isServed)
    try await cluster.kubectl("apply", "-f", try rollout.write("shop.json", Self.shop))
    let places = [("consul", "consul-connect-injector"), ("shop", "cart"), ("shop", "users")]
    for (namespace, name) in places {
      try await cluster.kubectl("-n", namespace, "rollout", "status", "deployment/\(name)", "--timeout=120s")
    }
    let last = try await rollout.counted(by: "users")
    #expect(try await eventually { try await rollout.counted(by: "users").n >= last.n + 100 })
  }

  private static let definitions = OpenDefinitions.of(
    "consul.hashicorp.com", version: "v1alpha1",
    [
      ("servicedefaults", "ServiceDefaults"), ("serviceintentions", "ServiceIntentions"), ("meshes", "Mesh"),
      ("serviceresolvers", "ServiceResolver"), ("servicesplitters", "ServiceSplitter"),
    ])

  /// By name alone.
  private static let controlPlane = """
    {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"consul"}}
    {"apiVersion":"consul.hashicorp.com/v1alpha1","kind":"Mesh","metadata":{"name":"mesh","namespace":"consul"},
     "spec":{"allowEnablingPermissiveMutualTLS":true}}
    {"apiVersion":"apps/v1","kind":"Deployment",
     "metadata":{"name":"consul-connect-injector","namespace":"consul","labels":{"component":"connect-injector"}},
     "spec":{"replicas":1,"selector":{"matchLabels":{"component":"connect-injector"}},
      "template":{"metadata":{"labels":{"component":"connect-injector"}},
       "spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"injector","image":"bulkhead.test/standin:1",
        "command":["/usr/local/bin/sleep"],"args":["3600"]}]}}}}
    """

  /// Both listen on 8081, behind an Envoy on the port that their Services name.
  private static var shop: String {
    let quoted = bootstrap.replacing("\n", with: "").replacing("\"", with: "\\\"")
    return [
      #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"#,
      #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proxy","namespace":"shop"},"#
        + #""data":{"bootstrap.json":"\#(quoted)"}}"#,
      withProxy(RolloutShop.player("users", calls: ["cart"], requestsPerSecond: 60)),
      withProxy(RolloutShop.server("cart")),
      // Consul knows pods by their services.
      #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"users","namespace":"shop"},"#
        + #""spec":{"selector":{"app":"users"},"ports":[{"name":"http","port":80,"targetPort":"http"}]}}"#,
    ].joined(separator: "\n")
  }

  private static func withProxy(_ manifests: String) -> String {
    let proxy = """
      {"name":"consul-dataplane","image":"bulkhead.test/envoy:1","command":["envoy"],
       "args":["-c","/proxy/bootstrap.json","--concurrency","1","--disable-hot-restart","-l","warn"],
       "securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},
        "readOnlyRootFilesystem":true},
       "volumeMounts":[{"name":"proxy","mountPath":"/proxy","readOnly":true}]}
      """
    return manifests.replacing(#"\"listen\":[{\"port\":8080"#, with: #"\"listen\":[{\"port\":8081"#)
      .replacing(#""containers":["#, with: #""containers":["# + proxy + ",")
      .replacing(#""volumes":["#, with: #""volumes":[{"name":"proxy","configMap":{"name":"proxy"}},"#)
  }

  /// As Consul's dataplane names its listeners and tells its counts.
  private static var bootstrap: String {
    """
    {"admin":{"address":{"socket_address":{"address":"127.0.0.1","port_value":19000}}},
     "static_resources":{
      "listeners":[\(listener(8080, "public_listener", #"{"match":{"prefix":"/"},"route":{"cluster":"local_app"}}"#)),
       \(listener(20200, "envoy_prometheus_metrics",
         #"{"match":{"path":"/metrics"},"route":{"cluster":"self_admin","prefix_rewrite":"/stats/prometheus"}}"#))],
      "clusters":[\(target("local_app", 8081)),\(target("self_admin", 19000))]}}
    """
  }

  private static func listener(_ port: Int, _ name: String, _ route: String) -> String {
    let types = "type.googleapis.com/envoy.extensions.filters"
    return """
      {"name":"\(name)","address":{"socket_address":{"address":"0.0.0.0","port_value":\(port)}},
       "filter_chains":[{"filters":[{"name":"envoy.filters.network.http_connection_manager",
        "typed_config":{"@type":"\(types).network.http_connection_manager.v3.HttpConnectionManager",
         "stat_prefix":"\(name)",
         "route_config":{"virtual_hosts":[{"name":"all","domains":["*"],"routes":[\(route)]}]},
         "http_filters":[{"name":"envoy.filters.http.router",
          "typed_config":{"@type":"\(types).http.router.v3.Router"}}]}}]}]}
      """
  }

  private static func target(_ name: String, _ port: Int) -> String {
    """
    {"name":"\(name)","type":"STATIC","connect_timeout":"1s","load_assignment":{"cluster_name":"\(name)",
     "endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"127.0.0.1",
      "port_value":\(port)}}}}]}]}}
    """
  }
}
