import EnvoyMesh
import FleetModel
import IntentModel
import Testing

@Suite struct CompilerTests {
  private let state = MeshState(
    services: [Shop.service],
    pods: [
      Shop.pod("web", Shop.web, 2), Shop.pod("one", Shop.api, 3), Shop.pod("two", Shop.api, 4),
      Shop.pod("next", Shop.api, 5, cohort: .canary),
    ])

  private func endpoints(_ state: MeshState) -> String {
    let key = ResourceKey(.endpoints, "out|shop/api|6379")
    return SidecarCompiler(state: state).compile(for: state.pods[0]).resources[key]?.first?.text ?? ""
  }

  @Test func theOrderOfTheInputDoesNotMatter() {
    var shuffled = state
    shuffled.pods.reverse()
    let one = SidecarCompiler(state: state).compile(for: state.pods[1])
    let other = SidecarCompiler(state: shuffled).compile(for: state.pods[1])
    #expect(one == other)
  }

  /// Everything a rollout changes while connections live must leave listeners and the clusters of known calls alone.
  @Test func rolloutChangesLeaveListenersAlone() {
    var changed = state
    changed.canaryShare = [Shop.api: 30]
    changed.delays = [DelayFault(caller: Shop.web, target: Shop.api, milliseconds: 10)]
    changed.aborts = [AbortFault(target: Shop.api, percent: 5, canaryOnly: false)]
    changed.pods[2].ready = false
    changed.pods[1].intent.posture.authorisation = .shadow
    for index in state.pods.indices {
      let before = SidecarCompiler(state: state).compile(for: state.pods[index])
      let after = SidecarCompiler(state: changed).compile(for: changed.pods[index])
      #expect(before.resources[ResourceKey(.listeners)] == after.resources[ResourceKey(.listeners)])
      #expect(!inUse(before).isEmpty && inUse(before) == inUse(after))
    }
  }

  /// The clusters that known calls or the pod's own clients use.
  private func inUse(_ set: ResourceSet) -> [JSONValue] {
    (set.resources[ResourceKey(.clusters)] ?? []).filter { cluster in
      guard case .string(let name)? = cluster["name"] else { return true }
      return !name.hasPrefix("out|") || set.resources[ResourceKey(.endpoints, name)] != nil
    }
  }

  private func clusterNames(_ set: ResourceSet) -> [JSONValue] {
    (set.resources[ResourceKey(.clusters)] ?? []).compactMap { $0["name"] }
  }

  @Test func weightsCarryTheCanarysShare() {
    #expect(endpoints(state).contains(#""primary":"no""#), "without a share plain TCP avoids the canary")
    var shared = state
    shared.canaryShare = [Shop.api: 20]
    // Two stable pods with 80 each, one canary with 40: 40 of 200.
    #expect(endpoints(shared).contains(#""load_balancing_weight":80"#))
    #expect(endpoints(shared).contains(#""load_balancing_weight":40"#))
    #expect(!endpoints(shared).contains(#""primary":"no""#))
    shared.canaryShare = [Shop.api: 0]
    shared.pods[1].ready = false
    shared.pods[2].ready = false
    #expect(!endpoints(shared).contains(#""primary":"no""#), "the canary is all there is")
  }

  @Test func aCutLeadsOnePodsCallsToAnotherOneAstray() {
    var cut = state
    cut.cuts = [CutFault(caller: "web", target: "one")]
    #expect(endpoints(cut) == endpoints(state).replacing("10.7.0.3", with: SidecarPorts.nobody))
    // Nobody else's, and nothing but where they go.
    cut.cuts = [CutFault(caller: "one", target: "web"), CutFault(caller: "two", target: "one")]
    #expect(endpoints(cut) == endpoints(state))
    for pod in state.pods.dropFirst() {
      let set = SidecarCompiler(state: cut).compile(for: pod)
      #expect(
        set.resources[ResourceKey(.listeners)]
          == SidecarCompiler(state: state).compile(for: pod).resources[ResourceKey(.listeners)])
    }
  }

  @Test func isolatedPodsReachTheirOwnServicesOnly() {
    var state = state
    state.services.append(
      MeshService(
        id: Shop.reference("elsewhere"), virtualAddress: "10.96.0.20",
        ports: [.init(port: 80, targetPort: 80, wireProtocol: .http)], targets: [Shop.other]))
    let open = SidecarCompiler(state: state).compile(for: state.pods[0])
    #expect(clusterNames(open).contains("out|shop/elsewhere|80"))
    #expect(open.resources[ResourceKey(.endpoints, "out|shop/elsewhere|80")] == nil, "nobody calls it: no poll for it")
    state.pods[0].intent.posture.isolated = true
    let isolated = SidecarCompiler(state: state).compile(for: state.pods[0])
    #expect(!clusterNames(isolated).contains("out|shop/elsewhere|80"))
    #expect(isolated.resources[ResourceKey(.endpoints, "out|shop/api|80")] != nil)
  }

  @Test func aServiceOfSeveralWorkloadsIsAnsweredByEach() throws {
    var state = state
    let index = try #require(state.pods.firstIndex { $0.intent.workload != Shop.api })
    let other = state.pods[index].intent.workload
    state.services[0].targets = [Shop.api, other]
    let set = SidecarCompiler(state: state).compile(for: state.pods[0])
    let clusters = set.resources[ResourceKey(.clusters)]?.map(\.text).joined() ?? ""
    for pod in state.pods where [Shop.api, other].contains(pod.intent.workload) {
      #expect(clusters.contains(#"{"exact":"\#(pod.intent.identity)"}"#), "the caller trusts \(pod.intent.workload)")
      #expect(!pod.ready || endpoints(state).contains(pod.address))
    }
  }

  @Test func oneAddressHasOneChain() {
    var state = state
    var twin = Shop.service
    twin.id = Shop.reference("zz")
    state.services.append(twin)
    let text =
      SidecarCompiler(state: state).compile(for: state.pods[0]).resources[ResourceKey(.listeners)]?[1].text ?? ""
    #expect(text.contains("out|shop/api|80") && !text.contains("out|shop/zz|80"))
  }

  @Test func jsonIsCanonical() {
    let value: JSONValue = ["b": [1, true, "x\"\\\n\u{1}"], "a": [:]]
    #expect(value.text == #"{"a":{},"b":[1,true,"x\"\\\n\u0001"]}"#)
  }
}
