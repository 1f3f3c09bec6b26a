import Foundation
import Testing

/// `bulkhead controller` as it is installed: two replicas, with the rights of `deploy/` alone.
@Suite(
  "The controller in a cluster", .serialized, .timeLimit(.minutes(20)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"), .clusterForRollouts)
struct ControllerTests {
  private func withController(_ body: (Controller) async throws -> Void) async throws {
    let cluster = try Cluster.current()
    try await undisturbed {
      try await clean(cluster)
      try await withController(cluster, body)
    }
  }

  /// A test that failed must not fail the next one.
  private func clean(_ cluster: Cluster) async throws {
    let orders = try await cluster.tryKubectl(["-n", "bulkhead", "get", "rollouts.bulkhead.dev", "-o", "name"])
    for order in orders.output.split(separator: "\n").map(String.init) {
      let nobodyWaits = #"{"metadata":{"finalizers":null}}"#
      try await cluster.kubectl("-n", "bulkhead", "patch", order, "--type", "merge", "-p", nobodyWaits)
      try await cluster.kubectl("-n", "bulkhead", "delete", order, "--ignore-not-found", "--timeout=60s")
    }
    try await cluster.deleteNamespaces(RolloutShop.namespace)
    _ = try await cluster.tryKubectl(["-n", "bulkhead", "delete", "lease", "bulkhead-rollout"])
  }

  private func withController(_ cluster: Cluster, _ body: (Controller) async throws -> Void) async throws {
    try await withFolder { folder in
      let controller = Controller(rollout: Rollout(cluster: cluster, folder: folder))
      try await cluster.kubectl("apply", "-f", "-", input: RolloutShop.manifests)
      for app in ["cart", "users"] {
        try await cluster.kubectl(
          "-n", RolloutShop.namespace, "rollout", "status", "deployment/\(app)", "--timeout=120s")
      }
      try await controller.install()
      try await body(controller)
      try await cluster.deleteNamespaces(RolloutShop.namespace)
    }
  }

  @Test("carries an order out though its leader is frozen, thawed and killed; writes nothing then; and undoes it")
  func whole() async throws {
    try await withController { controller in
      let before = try await controller.rollout.objects()
      let plan = try controller.rollout.write("plan.yaml", Plans.twoWaves)
      try await controller.order("shop", plan: plan, "--skip-trials")

      try await controller.wait("shop") { $0.waves.first?.result == "running" }
      try await freezeTheLeader(controller)
      let first = try await controller.wait("shop") { $0.waves.first?.result == "promoted" }
      let leader = try #require(try await controller.leader())
      try await controller.signal("SIGKILL", pod: leader)
      let done = try await controller.wait("shop") { $0.phase == "Promoted" }
      #expect(done.epoch > first.epoch)
      #expect(done.waves.map(\.result) == ["promoted", "promoted"])
      #expect(done.progress == "2/2" && done.exitCode == 0)
      #expect(done.condition("Succeeded") == "True" && done.condition("Progressing") == "False")

      // The status is written before the event.
      var events: [String] = []
      let isTold = try await eventually {
        events = try await controller.events(of: "shop")
        return Set(["Begun", "Resumed", "WaveStarted", "WavePromoted", "Promoted"]).isSubset(of: events)
      }
      #expect(isTold, "\(events)")
      // It gives the lease back a moment after its last word.
      var metrics = ""
      let hasNoLeader = try await eventually {
        guard let all = try await controller.metrics() else { return false }
        metrics = all
        return !metrics.contains("\nbulkhead_controller_leader 1\n")
      }
      #expect(hasNoLeader && metrics.contains(#"bulkhead_rollouts{phase="Promoted"} 1"#), "\(metrics)")

      try await expectNothingIsWritten(controller)
      try await controller.cluster.kubectl(
        "-n", "bulkhead", "delete", "rollouts.bulkhead.dev", "shop", "--timeout=180s")
      #expect(try await controller.rollout.objects().filter { !$0.contains("standins") } == before)
      let left = try await controller.cluster.kubectl(
        "get", "deployments,services,configmaps,secrets,clusterroles,roles", "-A", "-l",
        "app.kubernetes.io/managed-by=bulkhead", "-o", "name")
      // Its own ConfigMaps go a moment after their owner.
      let gone = try await eventually {
        try await controller.cluster.kubectl(
          "-n", "bulkhead", "get", "configmaps", "-l", "bulkhead.dev/rollout", "-o", "name") == ""
      }
      #expect(gone, "\(left)")
      try await expectRights(controller)
    }
  }

  /// Another one takes over; the old one wakes up without the lease, ends, and is started again.
  private func freezeTheLeader(_ controller: Controller) async throws {
    let first = try #require(try await controller.leader())
    let epoch = try #require(try await controller.status("shop")).epoch
    try await controller.signal("SIGSTOP", pod: first)
    let isTaken = try await eventually { try await controller.status("shop").map { $0.epoch > epoch } ?? false }
    #expect(isTaken, "nobody took over from a leader that is frozen")
    #expect(try await controller.leader() != first)
    try await controller.signal("SIGCONT", pod: first)
    var end = (code: "", restarts: 0)
    let isRestarted = try await eventually {
      end = try await controller.lastEnd(pod: first)
      return end.restarts > 0
    }
    #expect(isRestarted && end.code == "75", "the old leader: \(end)")
    #expect(try await controller.leader() != first)
  }

  /// While nothing is to be done; the lease is no exception.
  private func expectNothingIsWritten(_ controller: Controller) async throws {
    #expect(try await eventually { try await controller.leader() == nil })
    // What the API server writes down of the lease's release may come after the lease reads as free.
    var writes = -1
    let isQuiet = try await eventually {
      let earlier = writes
      // The pace of polling, not a wait for time to pass.
      try await Task.sleep(for: .seconds(2))
      writes = try controller.writes().count
      return writes == earlier
    }
    #expect(isQuiet)
    let versions = try await controller.rollout.versions()
    let seconds = ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 20 : 600
    // There is nothing that would tell that nothing happens any more.
    try await Task.sleep(for: .seconds(seconds))
    let since = try controller.writes(after: writes)
    #expect(since == [])
    #expect(try await controller.rollout.versions() == versions)
  }

  /// Nothing was refused, and every right of the controller's own role was used.
  private func expectRights(_ controller: Controller) async throws {
    let events = try controller.cluster.audit(of: "bulkhead-executor")
    let refused = events.filter { $0.responseStatus?.code == 403 }
    #expect(refused.isEmpty, "refused: \(refused.map { "\($0.verb) \($0.requestURI)" })")
    let own = events.filter { $0.objectRef?.namespace == "bulkhead" }
    let rules = try await controller.cluster.rules("bulkhead-controller", in: "bulkhead")
    let rights = rules.flatMap(\.rights)
    let unused = rights.filter { right in !own.contains { $0.uses(right) } }
    #expect(Set(unused).isSubset(of: Self.seldom), "granted and not used: \(unused)")
    #expect(Self.seldom.isSubset(of: rights), "no right any more: \(Self.seldom.subtracting(rights))")
  }

  /// To look again after a write whose answer did not come; and for API servers that ask who may own an object.
  private static let seldom: Set<Right> = [
    Right(group: "bulkhead.dev", resource: "rollouts", verb: "get", name: ""),
    Right(group: "bulkhead.dev", resource: "rollouts/finalizers", verb: "update", name: ""),
  ]

  /// As somebody would who wants a run to have gone another way.
  private func damageJournal(_ controller: Controller, of name: String) async throws {
    let map = "rollout-\(name)-journal-0"
    let record = try await controller.cluster.kubectl(
      "-n", "bulkhead", "get", "configmap", map, "-o", "jsonpath={.data['00000002']}")
    let changed = record.replacingOccurrences(of: "\"time\":1", with: "\"time\":2")
    #expect(changed != record)
    let patch = try JSONSerialization.data(withJSONObject: ["data": ["00000002": changed]])
    try await controller.cluster.kubectl(
      "-n", "bulkhead", "patch", "configmap", map, "--type", "merge", "-p", String(decoding: patch, as: UTF8.self))
  }

  @Test("asks for approval, freezes a wave that fails, hears an abort, and says what is wrong with an order")
  func steered() async throws {
    try await withController { controller in
      let unknown = try controller.rollout.write("stranger.json", RolloutShop.unknownCaller)
      try await controller.cluster.kubectl("apply", "-f", unknown)
      let bad = try controller.rollout.write("plan.yaml", Plans.twoWaves)
      try await controller.order("early", plan: bad, "--skip-trials", "--approve-waves", "--on-failure", "freeze")
      try await controller.wait("early") { $0.phase == "AwaitingApproval" }
      try await controller.change("early", #""approvedWaves":2"#)
      let frozen = try await controller.wait("early") { $0.phase == "Frozen" }
      #expect(frozen.waves.map(\.result) == ["promoted", "running"])
      #expect(frozen.condition("Succeeded") == "Unknown")
      let canary = ["-n", RolloutShop.namespace, "get", "deployment", "cart-bulkhead-canary"]
      #expect(try await controller.cluster.tryKubectl(canary).code == 0)

      // Neither a new leader nor time changes that.
      let leader = try #require(try await controller.leader())
      let restarts = try await controller.lastEnd(pod: leader).restarts
      try await controller.signal("SIGKILL", pod: leader)
      #expect(try await eventually { try await controller.lastEnd(pod: leader).restarts > restarts })
      try await controller.cluster.kubectl(
        "-n", "bulkhead", "rollout", "status", "deployment/bulkhead-controller", "--timeout=60s")
      #expect(try await controller.status("early")?.phase == "Frozen")
      #expect(try await controller.cluster.tryKubectl(canary).code == 0)
      try await controller.change("early", #""action":"Abort""#)
      let back = try await controller.wait("early") { $0.phase == "RolledBack" }
      #expect(back.exitCode == 80 && back.waves.map(\.result) == ["promoted", "rolledBack"])
      #expect(try await controller.cluster.tryKubectl(canary).code != 0)

      try await damageJournal(controller, of: "early")
      try await controller.change("early", #""action":"Undo""#)
      let damaged = try await controller.wait("early") { $0.phase == "Failed" }
      #expect(damaged.exitCode == 83 && damaged.message.contains("record 2"), "\(damaged)")
      try await controller.change("early", #""plan":"kind: Plan""#)
      let rejected = try await controller.wait("early") { $0.message.contains("plan") }
      #expect(rejected.waves.count == 2)
      try await controller.order("other", plan: bad, "--skip-trials") {
        $0.replacingOccurrences(of: #"tolerance: "0.01""#, with: #"tolerance: ".0""#)
      }
      let invalid = try await controller.wait("other") { $0.phase == "Invalid" || $0.phase == "Failed" }
      #expect(invalid.message.contains("tolerance"), "\(invalid)")
    }
  }
}
