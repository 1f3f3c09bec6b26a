import FleetModel
import Testing

@testable import KubernetesAPI

struct PreflightTests {
  private func node(
    _ name: String, kubelet: String = "v1.29.3", kernel: String = "6.1.0", runtime: String = "containerd://1.7.2",
    ready: String = "True", cpu: String = "4", memory: String = "8Gi", system: String = "linux"
  ) -> DocumentValue {
    Fixtures.json(
      #"""
      {"metadata":{"name":"\#(name)"},"status":{"allocatable":{"cpu":"\#(cpu)","memory":"\#(memory)"},
      "conditions":[{"type":"Ready","status":"\#(ready)"},{"type":"DiskPressure","status":"False"}],
      "nodeInfo":{"kubeletVersion":"\#(kubelet)","kernelVersion":"\#(kernel)","operatingSystem":"\#(system)",
      "containerRuntimeVersion":"\#(runtime)"}}}
      """#)
  }

  private func pod(_ namespace: String, cpu: String, memory: String = "1Gi", more: String = "") -> PodRoom {
    PodRoom(
      Fixtures.json(
        #"""
        {"metadata":{"namespace":"\#(namespace)"},"spec":{"nodeName":"n1"\#(more),"containers":[
        {"name":"a","resources":{"requests":{"cpu":"\#(cpu)","memory":"\#(memory)"}}}]}}
        """#))
  }

  /// A cluster in which nothing is wrong.
  private func healthy() -> ClusterFacts {
    var facts = ClusterFacts()
    facts.version = .known(Fixtures.json(#"{"gitVersion":"v1.29.3"}"#))
    facts.clockSkew = 1
    var discovery = Discovery()
    discovery.resources = [
      APIResource(group: "metrics.k8s.io", version: "v1beta1", kind: "PodMetrics", plural: "pods", isNamespaced: true),
      APIResource(
        group: "security.istio.io", version: "v1", kind: "PeerAuthentication", plural: "p", isNamespaced: true),
      APIResource(
        group: "security.istio.io", version: "v1", kind: "AuthorizationPolicy", plural: "a", isNamespaced: true),
    ]
    facts.discovery = .known(discovery)
    facts.nodes = .known([node("n1")])
    facts.pods = .known([pod("shop", cpu: "1")])
    facts.namespaces = .known([Fixtures.json(#"{"metadata":{"name":"shop"}}"#)])
    facts.webhooks = .known([hook("Fail", service: "istiod", resource: "pods")])
    facts.services = .known([
      Fixtures.json(#"{"metadata":{"namespace":"kube-system","name":"kube-dns","labels":{"k8s-app":"kube-dns"}}}"#),
      Fixtures.json(#"{"metadata":{"namespace":"monitoring","name":"prometheus"}}"#),
    ])
    facts.endpoints = .known([endpoints("kube-system", "kube-dns"), endpoints("istio-system", "istiod")])
    facts.controllers = .known([
      Fixtures.json(
        #"""
        {"metadata":{"namespace":"istio-system","name":"istiod","generation":2,"labels":{"app":"istiod"}},
        "spec":{"replicas":2},"status":{"observedGeneration":2,"readyReplicas":2}}
        """#)
    ])
    return facts
  }

  private func endpoints(_ namespace: String, _ name: String, alive: Bool = true) -> DocumentValue {
    let addresses = alive ? #"[{"ip":"10.0.0.1"}]"# : "[]"
    return Fixtures.json(
      #"{"metadata":{"namespace":"\#(namespace)","name":"\#(name)"},"subsets":[{"addresses":\#(addresses)}]}"#)
  }

  private func hook(
    _ policy: String, service: String, resource: String, group: String = "", operation: String = "CREATE",
    timeout: Int = 10
  ) -> DocumentValue {
    Fixtures.json(
      #"""
      {"metadata":{"name":"h"},"webhooks":[{"name":"w","failurePolicy":"\#(policy)","timeoutSeconds":\#(timeout),
      "clientConfig":{"service":{"namespace":"istio-system","name":"\#(service)"}},
      "rules":[{"resources":["\#(resource)"],"apiGroups":["\#(group)"],"operations":["\#(operation)"]}]}]}
      """#)
  }

  private func report(
    _ facts: ClusterFacts, _ change: (inout PreflightPlan) -> Void = { _ in }
  ) -> [String: PreflightCheck] {
    var plan = PreflightPlan()
    change(&plan)
    let report = ClusterPreflight.report(facts, plan, ClusterPreflight.untried(facts))
    return Dictionary(uniqueKeysWithValues: report.checks.map { ($0.code, $0) })
  }

  @Test func aHealthyClusterPasses() {
    let checks = report(healthy())
    for check in checks.values where check.code != "P42" { #expect(check.result == .pass, "\(check)") }
    #expect(checks["P42"]?.result == .unknown && checks["P42"]?.detail == "because it was not tried")
    for check in checks.values { #expect(check.cure.isEmpty == (check.result == .pass), "\(check)") }
  }

  /// What was not permitted is unknown, never passed.
  @Test func nothingKnownIsNothingPassed() {
    let checks = report(ClusterFacts())
    #expect(checks.count == 16)
    for check in checks.values where check.code != "P03" { #expect(check.result == .unknown, "\(check)") }
    #expect(checks["P03"]?.result == .warning)
  }

  /// What redirects one mesh's traffic does nothing for another one.
  @Test(
    arguments: [
      ("istio-cni-node", PreflightPlan.Mesh.istioSidecar, PreflightCheck.Result.pass),
      ("istio-cni-node", .linkerd, .fail), ("istio-cni-node", .envoy, .fail), ("linkerd-cni", .linkerd, .pass),
      ("linkerd-cni", nil, .pass), ("cart", nil, .fail),
    ] as [(String, PreflightPlan.Mesh?, PreflightCheck.Result)])
  func pluginsServeTheirOwnMesh(_ plugin: String, _ mesh: PreflightPlan.Mesh?, _ result: PreflightCheck.Result) {
    var facts = healthy()
    let label = #""labels":{"pod-security.kubernetes.io/enforce":"baseline"}"#
    facts.namespaces = .known([Fixtures.json(#"{"metadata":{"name":"shop",\#(label)}}"#)])
    facts.controllers = .known([Fixtures.json(#"{"metadata":{"namespace":"kube-system","name":"\#(plugin)"}}"#)])
    #expect(report(facts) { $0.mesh = mesh }["P22"]?.result == result)
  }

  private typealias Change = @Sendable (PreflightTests, inout ClusterFacts) -> Void

  private static let cases: [(String, PreflightCheck.Result, String, Change)] = [
    ("P01", .fail, "v1.19.0", { $1.version = .known(Fixtures.json(#"{"gitVersion":"v1.19.0"}"#)) }),
    ("P01", .warning, "v1.28.2", { $1.version = .known(Fixtures.json(#"{"gitVersion":"v1.28.2"}"#)) }),
    ("P02", .warning, "30 s behind", { $1.clockSkew = -30 }), ("P02", .fail, "3600 s ahead", { $1.clockSkew = 3600 }),
    ("P11", .fail, "n1 (v1.25.0)", { $1.nodes = .known([$0.node("n1", kubelet: "v1.25.0")]) }),
    ("P11", .pass, "1 node,", { $1.nodes = .known([$0.node("n1", kubelet: "v1.26.0")]) }),
    ("P11", .fail, "n1 (v1.30.0)", { $1.nodes = .known([$0.node("n1", kubelet: "v1.30.0")]) }),
    ("P12", .fail, "n1 (not ready)", { $1.nodes = .known([$0.node("n1", ready: "Unknown")]) }),
    ("P12", .fail, "no node", { $1.nodes = .known([]) }),
    ("P13", .fail, "3.10", { $1.nodes = .known([$0.node("n1", kernel: "3.10.0-1160.el7")]) }),
    ("P13", .warning, "5.4", { $1.nodes = .known([$0.node("n1", kernel: "5.4.0")]) }),
    ("P13", .warning, "windows", { $1.nodes = .known([$0.node("n1", system: "windows")]) }),
    ("P14", .warning, "docker", { $1.nodes = .known([$0.node("n1", runtime: "docker://20.10.7")]) }),
    ("P14", .warning, "containerd://1.4", { $1.nodes = .known([$0.node("n1", runtime: "containerd://1.4.3")]) }),
    ("P15", .fail, "more than what is free", { $1.pods = .known([$0.pod("shop", cpu: "3950m")]) }),
    ("P15", .pass, "1 sidecars", { $1.pods = .known([$0.pod("shop", cpu: "3900m")]) }),
    (
      "P15", .warning, "would have to leave n1",
      {
        $1.nodes = .known([$0.node("n1"), $0.node("n2")])
        $1.pods = .known([$0.pod("shop", cpu: "3950m")])
      }
    ),
    ("P15", .pass, "0 sidecars", { $1.pods = .known([$0.pod("shop", cpu: "3950m", more: #","hostNetwork":true"#)]) }),
    ("P15", .pass, "0 sidecars", { $1.pods = .known([$0.pod("kube-system", cpu: "3950m")]) }),
    (
      "P21", .fail, "nothing answers for h/w",
      { $1.webhooks = .known([$0.hook("Fail", service: "x", resource: "pods")]) }
    ),
    ("P21", .pass, "none must answer", { $1.webhooks = .known([$0.hook("Ignore", service: "x", resource: "pods")]) }),
    ("P21", .pass, "none must answer", { $1.webhooks = .known([$0.hook("Fail", service: "x", resource: "secrets")]) }),
    (
      "P21", .pass, "none must answer",
      { $1.webhooks = .known([$0.hook("Fail", service: "x", resource: "*/*", group: "cert-manager.io")]) }
    ),
    (
      "P21", .pass, "none must answer",
      { $1.webhooks = .known([$0.hook("Fail", service: "x", resource: "pods", operation: "CONNECT")]) }
    ),
    ("P15", .pass, "0 sidecars", { $1.pods = .known([$0.pod("bulkhead", cpu: "3950m")]) }),
    (
      "P15", .pass, "0 sidecars",
      { $1.pods = .known([$0.pod("shop", cpu: "1", more: #","initContainers":[{"name":"bulkhead-proxy"}]"#)]) }
    ),
    (
      "P21", .warning, "over 15 s",
      { $1.webhooks = .known([$0.hook("Fail", service: "istiod", resource: "*", timeout: 30)]) }
    ),
    (
      "P22", .fail, "shop would refuse",
      {
        $1.namespaces = .known([
          Fixtures.json(
            #"{"metadata":{"name":"shop","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}"#)
        ])
      }
    ),
    (
      "P22", .pass, "no namespace enforces",
      {
        $1.namespaces = .known([
          Fixtures.json(
            #"{"metadata":{"name":"bulkhead","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}"#)
        ])
      }
    ),
    ("P31", .warning, "neither Istio", { $1.controllers = .known([]) }),
    (
      "P31", .fail, "not ready: istio-system/istiod",
      {
        $1.controllers = .known([
          Fixtures.json(
            #"""
            {"metadata":{"namespace":"istio-system","name":"istiod","labels":{"app":"istiod"}},
            "spec":{"replicas":2},"status":{"readyReplicas":1}}
            """#)
        ])
      }
    ),
    ("P32", .fail, "PeerAuthentication.security", { $1.discovery = .known(Discovery()) }),
    ("P41", .warning, "no service", { $1.services = .known([]) }),
    ("P41", .fail, "no pod answers", { $1.endpoints = .known([]) }),
    ("P51", .warning, "no metrics.k8s.io", { $1.discovery = .known(Discovery()) }),
    ("P52", .warning, "no Prometheus", { $1.services = .known([]) }),
  ]

  @Test(arguments: Self.cases.indices) func eachFaultIsSeen(_ index: Int) {
    let (code, result, detail, change) = Self.cases[index]
    var facts = healthy()
    change(self, &facts)
    let check = report(facts)[code]
    #expect(check?.result == result && check?.detail.contains(detail) == true, "\(String(describing: check))")
  }

  @Test func theMeshNamedIsTheOneThatCounts() {
    let linkerd = report(healthy()) { $0.mesh = .linkerd }
    #expect(linkerd["P31"]?.detail == "linkerd lacks linkerd-destination, linkerd-identity, linkerd-proxy-injector")
    let envoy = report(healthy()) { $0.mesh = .envoy }
    #expect(envoy["P31"]?.result == .pass && envoy["P32"]?.result == .pass)
    let ambient = report(healthy()) { $0.mesh = .istioAmbient }
    #expect(ambient["P31"]?.detail == "istioAmbient lacks ztunnel, istio-cni-node" && ambient["P15"]?.result == .pass)
  }

  @Test func whereAMeshSplitsByRoutesTheirLackIsSaid() {
    var facts = healthy()
    let without = report(facts) { $0.mesh = .istioAmbient }["P32"]
    #expect(without?.result == .pass && without?.detail.contains("without HTTPRoute") == true, "\(without as Any)")
    #expect(report(facts) { $0.mesh = .istioSidecar }["P32"]?.detail == "istioSidecar")
    var discovery = facts.discovery.value ?? Discovery()
    discovery.resources.append(
      APIResource(
        group: "gateway.networking.k8s.io", version: "v1", kind: "HTTPRoute", plural: "httproutes", isNamespaced: true))
    facts.discovery = .known(discovery)
    #expect(report(facts) { $0.mesh = .istioAmbient }["P32"]?.detail == "istioAmbient")
  }

  /// As the scheduler counts: init containers one after the other, sidecars all along.
  @Test func podsTakeTheRoomThatTheSchedulerCounts() {
    func container(_ cpu: String, _ more: String = "") -> String {
      #"{"name":"c"\#(more),"resources":{"requests":{"cpu":"\#(cpu)"}}}"#
    }
    let sidecar = container("200m", #","restartPolicy":"Always""#)
    let spec = #"""
      {"spec":{"initContainers":[\#(container("900m")),\#(sidecar),\#(container("1"))],
      "containers":[\#(container("300m")),\#(container("0.1"))],"overhead":{"cpu":"50m"}}}
      """#
    #expect(PodRoom(Fixtures.json(spec)).milliCPU == 1_250)
    #expect(PodRoom(Fixtures.json(#"{"spec":{"containers":[\#(container("-5")),\#(container("x"))]}}"#)).milliCPU == 0)
  }

  // MARK: - The trial of NetworkPolicy

  /// A cluster whose pods go through their lives by themselves.
  private func trial(
    exits: [Int], control: Int = 0, ready: Bool = true, restarts: Int = 0,
    _ prepare: (FakeCluster) -> Void = { _ in }
  ) async throws -> (PreflightCheck, FakeCluster) {
    let cluster = FakeCluster()
    prepare(cluster)
    let path = "/api/v1/namespaces/shop/pods/bulkhead-try-n"
    func answer(_ status: String) -> FakeCluster.Answer {
      let text = #"{"kind":"Pod","metadata":{"annotations":{"bulkhead.dev/request":"n"}},"status":\#(status)}"#
      return FakeCluster.Answer(status: 200, body: Array(text.utf8))
    }
    let pending = answer("{}")
    let listening = #"{"restartCount":\#(restarts),"state":{"running":{}}}"#
    let up = answer(
      #"{"podIP":"10.0.0.7","conditions":[{"type":"Ready","status":"\#(ready ? "True" : "False")"}],"#
        + #""containerStatuses":[\#(listening),\#(listening)]}"#)
    cluster.script("GET \(path)-server", [pending, up])
    for (index, code) in exits.enumerated() {
      let ended = #"[{"state":{"terminated":{"exitCode":\#(control)}}}]"#
      let main = #"[{"state":{"terminated":{"exitCode":\#(code)}}}]"#
      let after = control == 0 ? #","containerStatuses":\#(main)"# : ""
      cluster.script(
        "GET \(path)-client-\(index + 1)", [pending, answer(#"{"initContainerStatuses":\#(ended)\#(after)}"#)])
    }
    let check = try await FakeServer.with(cluster) { server in
      try await server.client { client in
        let trial = NetworkPolicyTrial(namespace: "shop", nonce: "n", looks: 5, pause: { _ in })
        return try await trial.run(client)
      }
    }
    return (check, cluster)
  }

  @Test(arguments: [
    ([1], 0, true, PreflightCheck.Result.pass, "was refused"), ([0, 1], 0, true, .pass, "was refused"),
    ([0, 0, 0], 0, true, .fail, "could be reached"), ([1], 1, true, .unknown, "even the allowed port"),
    ([1], 0, false, .unknown, "did not become ready"), ([137], 0, true, .unknown, "ended with 137"),
  ])
  func policiesAreTried(
    _ exits: [Int], _ control: Int, _ ready: Bool, _ result: PreflightCheck.Result, _ detail: String
  ) async throws {
    let (check, cluster) = try await trial(exits: exits, control: control, ready: ready)
    #expect(check.result == result && check.detail.contains(detail), "\(check)")
    // Whatever came of it: what was made was removed.
    let made = cluster.requests.filter { $0.method == "POST" }.map { request in
      "\(request.path)/\(request.value[path: "metadata", "name"]?.string ?? "")"
    }
    let removed = Set(cluster.requests.filter { $0.method == "DELETE" }.map(\.path))
    #expect(made.count >= 2 && made.allSatisfy(removed.contains))
    // The pods would pass Pod Security's restricted level.
    let pod = try #require(cluster.requests.first { $0.value["kind"]?.string == "Pod" }).value
    #expect(pod[path: "spec", "securityContext", "runAsNonRoot"] == .bool(true))
    #expect(pod[path: "spec", "automountServiceAccountToken"] == .bool(false))
  }

  @Test func aListenerThatBeganAnewShowsNothing() async throws {
    let (check, _) = try await trial(exits: [1], control: 0, ready: true, restarts: 1)
    #expect(check.result == .unknown && check.detail.contains("began anew"), "\(check)")
  }

  /// Policies add up: a namespace's own may be what lets the second port in.
  @Test func otherPoliciesMayBeWhy() async throws {
    let path = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
    let (check, _) = try await trial(exits: [0, 0, 0], control: 0, ready: true) {
      $0.put("\(path)/allow-all", #"{"metadata":{"name":"allow-all"}}"#)
    }
    #expect(check.result == .unknown && check.detail.contains("1 other policies of shop"), "\(check)")
  }

  @Test func whatCannotRunIsSaidAtOnce() async throws {
    let cluster = FakeCluster()
    let waiting = #"{"waiting":{"reason":"ImagePullBackOff","message":"no such host"}}"#
    let body = #"{"kind":"Pod","status":{"containerStatuses":[{"state":\#(waiting)}]}}"#
    cluster.script(
      "GET /api/v1/namespaces/shop/pods/bulkhead-try-n-server",
      [FakeCluster.Answer(status: 200, body: Array(body.utf8))])
    let check = try await FakeServer.with(cluster) { server in
      try await server.client { try await NetworkPolicyTrial(namespace: "shop", nonce: "n", pause: { _ in }).run($0) }
    }
    #expect(check.result == .unknown && check.detail.contains("no such host") && check.cure.contains("--try-image"))
  }

  /// What a killed trial has left goes at the next one; what may belong to one that runs stays.
  @Test func leftoversAreRemoved() async throws {
    let cluster = FakeCluster()
    let path = "/api/v1/namespaces/shop/pods"
    func put(_ name: String, _ time: String, label: String = "bulkhead.dev/network-policy-trial") {
      cluster.put(
        "\(path)/\(name)",
        #"{"metadata":{"name":"\#(name)","creationTimestamp":"\#(time)","labels":{"\#(label)":"x"}}}"#)
    }
    put("bulkhead-try-old-server", "2020-01-01T00:00:00Z")
    put("bulkhead-try-new-server", "2999-01-01T00:00:00Z")
    put("bulkhead-try-other", "2020-01-01T00:00:00Z", label: "app")
    put("cart", "2020-01-01T00:00:00Z")
    _ = try await FakeServer.with(cluster) { server in
      try await server.client {
        try await NetworkPolicyTrial(namespace: "shop", nonce: "n", looks: 1, pause: { _ in }).run($0)
      }
    }
    let left = ["bulkhead-try-old-server", "bulkhead-try-new-server", "bulkhead-try-other", "cart"].filter {
      cluster.object("\(path)/\($0)") != nil
    }
    #expect(left == ["bulkhead-try-new-server", "bulkhead-try-other", "cart"])
  }

  @Test func aForbiddenTrialStaysUnknown() async throws {
    let cluster = FakeCluster()
    cluster.forbid(["/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"])
    let check = try await FakeServer.with(cluster) { server in
      try await server.client { try await NetworkPolicyTrial(namespace: "shop", nonce: "n", pause: { _ in }).run($0) }
    }
    #expect(check.result == .unknown && check.detail.contains("refused"))
  }
}
