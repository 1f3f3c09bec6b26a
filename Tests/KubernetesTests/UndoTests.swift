import Testing

/// What no rollout in good order ever needs; it takes longer than the rest of a test run should wait.
@Suite(
  "The undo of a rollout that went wrong early, or is no longer the last", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"), .clusterForRollouts)
struct UndoTests {
  /// A wrong image may be why a run is taken back: its undo must not wait for what that image would start.
  @Test("does not wait for a discovery server that never came")
  func withoutImage() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let planned = try await rollout.bulkhead(
        "plan", "--kube", "-n", RolloutShop.namespace, "--mesh", "envoy", "-o", "yaml")
      let plan = try rollout.write("plan.yaml", planned.output)
      let words = rollout.startArguments(plan: plan, out: "run").map { $0.replacing("/bulkhead:1", with: "/nothing:1") }
      let ending = try await rollout.running(words) { _ in }
      #expect(ending.code == 69 && ending.messages.contains("nothing:1"), "\(ending.messages)")
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
      #expect(try await rollout.ownObjects() == "")
    }
  }

  /// With the executor's rights alone, which went with the namespace where they were bound in it.
  @Test("puts back what is left when one of its namespaces was deleted")
  func withoutNamespace() async throws {
    let (deploy, annex) = (Tool.project + "/deploy", "annex")
    let till = RolloutShop.server("till").split(separator: "\"shop\"").joined(separator: "\"\(annex)\"")
    let more = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\#(annex)"}}"# + "\n" + till
    let cluster = try Cluster.current()
    try await cluster.deleteNamespaces(annex)
    try await withShop(more) { shop in
      try await cluster.kubectl("apply", "-f", deploy + "/planner.yaml", "-f", deploy + "/executor.yaml")
      for place in [RolloutShop.namespace, annex] {
        try await cluster.kubectl("apply", "-n", place, "-f", deploy + "/enrolled-namespace.yaml")
      }
      let before = try await shop.objects()
      var rollout = shop
      rollout.cluster = try await cluster.asAccount("bulkhead-executor", in: shop.folder)
      func plan(_ workloads: String...) throws -> String {
        let text = Plans.plan(capacity: 2, waves: [workloads.map { ($0, ["enrol", "authoriseInShadow"]) }])
        return try rollout.write("\(workloads.count).yaml", text.replacing("shop/till", with: "\(annex)/till"))
      }
      // A second is too short for a verdict; this run is to be tidied up while another one goes on.
      let older = try await rollout.start(plan: try plan("till"), out: "older", "--skip-trials", "--deadline", "1")
      #expect(older.code == 80, "\(older.messages)")
      let plan = try plan("cart", "till")
      try await rollout.startAndKill(plan: plan, out: "run", probes: false, trials: false) {
        let canaries = try await cluster.kubectl("get", "deployments", "-A", "-o", "name")
        return canaries.contains("cart-bulkhead-canary") && canaries.contains("till-bulkhead-canary")
      }
      try await cluster.deleteNamespaces(annex)
      let resumed = try await rollout.bulkhead("rollout", "resume", rollout.path("run"))
      #expect(resumed.code == 78 && resumed.messages.contains("namespace \(annex) is gone"), "\(resumed.messages)")
      let tidied = try await rollout.bulkhead("rollout", "undo", rollout.path("older"))
      #expect(tidied.code == 0 && tidied.messages.contains("the discovery server stays"), "\(tidied.messages)")
      #expect(try await shop.ownObjects().contains("deployment.apps/bulkhead-discovery"))
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0 && undone.messages.contains("the namespace \(annex) is gone"), "\(undone.messages)")
      #expect(try await shop.objects() == before)
      #expect(try await shop.ownObjects() == "")
    }
  }

  /// Nothing else would ever take away what served it.
  @Test("takes the discovery server away when its only namespace was deleted")
  func withoutAny() async throws {
    try await withShop { rollout in
      let plan = try rollout.write("plan.yaml", Plans.enrolOnly)
      try await rollout.startAndKill(plan: plan, out: "run", probes: false, trials: false) {
        try await rollout.cluster.kubectl("get", "deployments", "-A", "-o", "name").contains("cart-bulkhead-canary")
      }
      try await rollout.cluster.deleteNamespaces(RolloutShop.namespace)
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.ownObjects() == "")
    }
  }

  @Test("leaves alone what a newer plan has enrolled since")
  func olderRun() async throws {
    try await withShop { rollout in
      let older = try rollout.write("older.yaml", Plans.oneWave)
      // A second is too short for a verdict: the canary comes, and goes again.
      let refused = try await rollout.start(plan: older, out: "older", "--skip-trials", "--deadline", "1")
      #expect(refused.code == 80, "\(refused.messages)")
      let newer = try rollout.write("newer.yaml", Plans.enrolOnly)
      let promoted = try await rollout.running(rollout.quick(newer, "newer")) { _ in }
      try #require(promoted.code == 0, "\(promoted.messages)")
      let versions = try await rollout.versions(withLease: false)
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("older"))
      #expect(undone.code == 0 && undone.messages.contains("by another plan since"), "\(undone.messages)")
      #expect(try await rollout.versions(withLease: false) == versions)
    }
  }
}
