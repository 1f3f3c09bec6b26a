import Foundation
import Testing

/// Workloads whose canary is among their own pods.
@Suite(
  "A rollout of a StatefulSet and a DaemonSet", .serialized, .timeLimit(.minutes(20)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"), .clusterForRollouts)
struct KindTests {
  private static let strategy = #"jsonpath={.spec.updateStrategy} {.metadata.annotations.bulkhead\.dev/held}"#
  /// As its owner has written it, with what the API server makes of that, and nothing of ours.
  private static let owners = #"{"rollingUpdate":{"partition":1},"type":"RollingUpdate"} "#

  @Test("takes a failing canary back, survives kill -9, promotes all pods, and leaves no trace when undone")
  func whole() async throws {
    let workloads = ["statefulset/store", "daemonset/agent"]
    try await withShop(shop: RolloutShop.otherKinds, workloads: workloads) { rollout in
      let before = try await rollout.objects()
      try await failing(rollout)
      let plan = try rollout.write(
        "plan.yaml",
        Plans.plan(
          capacity: 2,
          waves: [["store[StatefulSet]", "agent[DaemonSet]"].map { ($0, ["harden", "enrol", "authoriseInShadow"]) }]))
      try await promoted(rollout, plan)
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
      #expect(try await proxies(rollout) == [])
    }
  }

  /// The canary's pod never serves. Its controller would wait for it even after its template was put back.
  private func failing(_ rollout: Rollout) async throws {
    let plan = try rollout.write(
      "bad.yaml", Plans.plan(waves: [[("store[StatefulSet]", ["enrol", "authoriseInShadow"])]]))
    let ending = try await rollout.start(
      plan: plan, out: "bad", "--skip-trials", "--envoy-image", "bulkhead.test/nothing:1")
    try #require(ending.code == 80, "\(ending.messages)")
    let wave = try #require(try rollout.record("bad").waves.last)
    #expect(wave.reason?.contains("the pods of statefulsets.apps shop/store do not come") == true, "\(wave)")
    #expect(try await rollout.field("statefulset/store", Self.strategy) == Self.owners)
    #expect(try await proxies(rollout) == [])
    let then = try await rollout.counted(by: "users")
    #expect(try await eventually { try await rollout.counted(by: "users").n >= then.n + 100 })
    #expect(try await rollout.counted(by: "users").errors == then.errors)
  }

  private func promoted(_ rollout: Rollout, _ plan: String) async throws {
    // The one pod of the DaemonSet cannot be killed without its users' noticing.
    try await rollout.startAndKill(plan: plan, out: "run", trials: false) {
      // One pod of three is the canary, and the wave's own partition is there.
      let strategy = try await rollout.field("statefulset/store", Self.strategy)
      guard strategy == #"{"rollingUpdate":{"partition":2},"type":"RollingUpdate"} owner=1,now=2"# else { return false }
      return try await proxies(rollout).contains("store-2")
    }
    #expect(try await proxies(rollout).filter { $0.hasPrefix("store") } == ["store-2"])
    let resumed = try await rollout.bulkhead("rollout", "resume", rollout.path("run"))
    try #require(resumed.code == 0, "\(resumed.messages)")
    #expect(resumed.messages.contains("shop/agent[DaemonSet] has one pod and no canary"), "\(resumed.messages)")
    let pods = try await proxies(rollout)
    #expect(pods.filter { $0.hasPrefix("store-") } == ["store-0", "store-1", "store-2"])
    #expect(pods.count == 4, "\(pods)")
    #expect(try await rollout.field("statefulset/store", Self.strategy) == Self.owners)
    let versions = try await rollout.versions()
    let again = try await rollout.start(plan: plan, out: "again")
    #expect(again.code == 0 && again.messages.contains("nothing to do"), "\(again.messages)")
    #expect(try await rollout.versions() == versions)
  }

  /// Names of pods with a sidecar.
  private func proxies(_ rollout: Rollout) async throws -> [String] {
    let text = try await rollout.cluster.kubectl(
      "-n", RolloutShop.namespace, "get", "pods", "-o",
      #"jsonpath={range .items[*]}{.metadata.name} {.spec.containers[*].name}{"\n"}{end}"#)
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    return lines.filter { $0.dropFirst().contains("bulkhead-proxy") }.map { $0[0] }.sorted()
  }
}

extension Rollout {
  /// What kubectl prints of an object of the shop.
  fileprivate func field(_ object: String, _ format: String) async throws -> String {
    try await cluster.kubectl("-n", RolloutShop.namespace, "get", object, "-o", format)
  }
}
