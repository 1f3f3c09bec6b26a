import Diagnostics
import FleetModel
import Testing

@testable import Policies

/// Unseen is not unneeded: what a policy would cut is listed before it cuts.
struct DecisionTests {
  private static let policy = """
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: cart, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: cart}}
      ingress:
      - from: [{podSelector: {matchLabels: {app: report}}}]
        ports: [{port: 8080}]

    """

  @Test func declaredCalls() throws {
    let yaml = Support.pair + Support.deployment("report") + Self.policy
    let set = try Support.solve(yaml, .networkPolicy)
    let decision = try #require(set.decisions.first { $0.kind == .declaredCall })
    #expect(decision.workload.name == "cart" && decision.cuts && decision.message.contains("shop/report"))
    #expect(decision.evidence.first?.location?.file == "in.yaml")
    #expect(set.flows.map(\.caller.name) == ["web"])
    let kept = try Support.solve(yaml, .networkPolicy) { $0.keepsUndecided = true }
    #expect(kept.flows.map(\.caller.name) == ["report", "web"])
    #expect(kept.decisions.allSatisfy { $0.kind != .declaredCall || !$0.cuts })
    // The older policy goes on allowing, and that is told.
    #expect(set.findings.contains { $0.code == "BH-POLICY-003" && $0.resource.contains("shop/cart[NetworkPolicy]") })
  }

  @Test func declaredByIstio() throws {
    let yaml =
      Support.pair + Support.deployment("report") + """
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: cart, namespace: shop}
        spec:
          selector: {matchLabels: {app: cart}}
          rules:
          - from: [{source: {principals: [cluster.local/ns/shop/sa/report]}}]
            to: [{operation: {ports: ["8080"]}}]

        """
    let set = try Support.solve(yaml, .istioSidecar)
    #expect(set.decisions.filter { $0.kind == .declaredCall }.map(\.workload.name) == ["cart"])
  }

  @Test(arguments: [
    (1, 3, PolicyDecision.Kind?.some(.onceSeenCall)), (20, 200, .some(.staleCall)), (20, 3, nil), (2, 90, nil),
  ])
  func observedCalls(_ times: Int, _ days: Int, _ kind: PolicyDecision.Kind?) throws {
    let yaml = Support.pair + Support.deployment("report")
    let fleet = try Support.fleet(yaml)
    var options = PolicyOptions(target: .networkPolicy)
    let report = try #require(fleet.workloads.first { $0.id.name == "report" }).id
    let cart = try #require(fleet.workloads.first { $0.id.name == "cart" }).id
    options.observed = [
      ObservedCall(caller: report, target: cart, port: 8080, times: times, lastSeenDays: days, source: "flows.json")
    ]
    let set = PolicySolver(fleet, options: options).solve()
    #expect(set.decisions.map(\.kind).filter { $0 != .wideEntrance } == (kind.map { [$0] } ?? []))
    let flow = set.flows.first { $0.caller == report }
    #expect((flow != nil) == (kind == nil))
    #expect(flow == nil || flow?.evidence.first?.ageDays == days)
    #expect(flow == nil || flow?.services.map(\.service.name) == ["cart"])
  }

  /// The same as calls of the fleet, by a service or past all of them.
  @Test(
    arguments: [
      (1, 3, PolicyDecision.Kind?.some(.onceSeenCall)), (20, 200, .some(.staleCall)), (20, 3, nil), (nil, 3, nil),
      (20, nil, nil), (1, nil, .some(.onceSeenCall)),
    ] as [(Int?, Int?, PolicyDecision.Kind?)])
  func callsOfTraffic(_ times: Int?, _ days: Int?, _ kind: PolicyDecision.Kind?) throws {
    var fleet = try Support.fleet(Support.pair + Support.deployment("report"))
    let wired = try #require(fleet.calls.first)
    let report = try #require(fleet.workloads.first { $0.id.name == "report" }).id
    let now = 1_800_000_000
    let seen = Call.Observation(
      sources: ["flows.json"], times: times, lastSeen: days.map { now - $0 * 86_400 - 5 })
    var options = PolicyOptions(target: .networkPolicy)
    options.now = now
    for isDirect in [false, true] {
      var call = wired
      (call.caller, call.evidence) = (report, .observed(seen))
      if isDirect { (call.service, call.port) = (nil, 8080) }
      fleet.calls = [wired, call]
      let set = PolicySolver(fleet, options: options).solve()
      #expect(set.decisions.map(\.kind).filter { $0 != .wideEntrance } == (kind.map { [$0] } ?? []))
      let flow = set.flows.first { $0.caller == report }
      #expect((flow != nil) == (kind == nil) && (flow == nil || flow?.port == 8080))
      #expect(flow == nil || flow?.evidence.first?.ageDays == days)
      options.keepsUndecided = true
      #expect(PolicySolver(fleet, options: options).solve().flows.contains { $0.caller == report })
      options.keepsUndecided = false
    }
    // A setting needs no second sighting, and says both.
    fleet.calls = [wired]
    fleet.calls[0].confirmation = seen
    let flow = try #require(PolicySolver(fleet, options: options).solve().flows.first)
    #expect(flow.evidence.map(\.origin) == [.observed, .wiring])
  }

  @Test func wiringThatLeadsNowhere() throws {
    let set = try Support.solve(
      Support.deployment("web", container: Support.calls("gone.shop.svc:80", "cart:81")) + Support.deployment("cart")
        + Support.service("cart"), .networkPolicy)
    let messages = set.decisions.filter { $0.kind == .unresolvedCall }.map(\.message)
    #expect(messages.count == 2)
    #expect(messages.contains { $0.contains("gone") } && messages.contains { $0.contains(":81") })
  }

  @Test func rightsOfASharedAccount() throws {
    let yaml = """
      apiVersion: v1
      kind: Pod
      metadata: {name: a, namespace: shop, labels: {app: a}}
      spec: {containers: [{name: main, image: "x:1"}]}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata: {name: edit, namespace: shop}
      roleRef: {kind: ClusterRole, name: edit, apiGroup: rbac.authorization.k8s.io}
      subjects: [{kind: ServiceAccount, name: default, namespace: shop}]
      """
    let set = try Support.solve(yaml, .istioSidecar)
    #expect(Set(set.decisions.map(\.kind)) == [.rightsOfAccount, .apiServer])
    #expect(set.patches.first?.serviceAccount == "default-a")
    let account = set.objects.first { $0.id.kind == "ServiceAccount" }
    #expect(account?.id.name == "default-a")
  }

  @Test func scrapesWithoutPrometheus() throws {
    let yaml =
      Support.deployment("cart", annotations: "{prometheus.io/scrape: \"true\", prometheus.io/port: \"9102\"}")
      + Support.service("cart")
    let cut = try Support.solve(yaml, .networkPolicy)
    #expect(cut.decisions.contains { $0.kind == .scrape && $0.cuts })
    let named = try Support.solve(yaml, .networkPolicy) { $0.scraperNamespace = "monitoring" }
    #expect(!named.decisions.contains { $0.kind == .scrape })
    #expect(named.networkPolicies.first?.ingress.contains { $0.ports.first?.number == .range(9102, 9102) } ?? false)
  }

  @Test func whoIsScrapedKeepsItsUsersWhoAreNotNamed() throws {
    let metrics = "{prometheus.io/scrape: \"true\", prometheus.io/port: \"9102\"}"
    let yaml =
      Support.deployment("web", container: Support.calls("cart:80"), annotations: metrics) + Support.service("web")
      + Support.deployment("cart") + Support.service("cart")
    let set = try Support.solve(yaml, .networkPolicy) { $0.scraperNamespace = "monitoring" }
    let policy = try #require(set.networkPolicies.first { $0.id.name.contains("web") })
    let ports = policy.ingress.flatMap(\.ports).compactMap(\.number)
    #expect(ports.contains(.range(8080, 8080)), "nobody in the input calls it, so its users are outside")
    #expect(ports.contains(.range(9102, 9102)))
  }

  @Test func workloadsThatLookAlikeGetALabel() throws {
    let yaml =
      Support.deployment("a", labels: "{app: same}") + Support.deployment("b", labels: "{app: same}")
      + Support.deployment("c", labels: "{app: c, version: v1}")
      + Support.deployment("d", labels: "{app: c, version: v2}")
    let set = try Support.solve(yaml, .networkPolicy)
    #expect(set.patches.map(\.workload.name) == ["a", "b"])
    #expect(set.patches.first?.labels == ["bulkhead.dev/workload": "deployment-a"])
    #expect(set.workloads.first { $0.workload.name == "d" }?.selector.map(\.key) == ["app", "version"])
  }
}
