import Foundation
import Synchronization
import Testing

/// `bulkhead rollout` on a real cluster, with real sidecars: enrolled in waves, killed, gone on with, taken back.
@Suite(
  "A rollout on a cluster", .serialized, .timeLimit(.minutes(20)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"), .clusterForRollouts)
struct RolloutTests {
  @Test("enrols by waves, survives kill -9, writes nothing twice, and leaves no trace when undone")
  func whole() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let planned = try await rollout.bulkhead(
        "plan", "--kube", "-n", RolloutShop.namespace, "--mesh", "envoy", "--capacity", "2", "-o", "yaml")
      try #require(planned.code == 0, "\(planned.messages)")
      let plan = try rollout.write("plan.yaml", planned.output)

      let second = Mutex<Tool.Ending?>(nil)
      try await rollout.startAndKill(plan: plan, out: "run") {
        let canary = try await rollout.cluster.tryKubectl(
          ["-n", RolloutShop.namespace, "get", "deployment", "cart-bulkhead-canary"])
        guard canary.code == 0 else { return false }
        if second.withLock({ $0 == nil }) {
          let ending = try await rollout.start(plan: plan, out: "second")
          second.withLock { $0 = ending }
        }
        // In the second wave, whatever it is doing by then.
        return try await rollout.waves("run").first == "promoted"
      }
      let refused = try #require(second.withLock { $0 })
      #expect(refused.code == 75, "\(refused.messages)")

      let resumed = try await rollout.bulkhead("rollout", "resume", rollout.path("run"))
      try #require(resumed.code == 0, "\(resumed.messages)")
      try checkRecord(try rollout.record("run"))
      let context = try await rollout.cluster.kubectl(
        "-n", RolloutShop.namespace, "get", "deployment", "cart", "-o",
        #"jsonpath={.spec.template.spec.containers[?(@.name=="app")].securityContext}"#)
      #expect(context.contains(#""readOnlyRootFilesystem":true"#), "the cart is not hardened: \(context)")
      try await checkThatPlaintextIsRefused(rollout)
      try await checkThatNothingIsWrittenAgain(rollout, plan)
      try await checkThatAnotherClusterIsLeftAlone(rollout)

      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
      #expect(try await rollout.ownObjects() == "")
    }
  }

  /// Every wave promoted; every trial with its fault seen; every control that applies held, and able to fail.
  private func checkRecord(_ record: Rollout.RunRecord) throws {
    #expect(record.result == "promoted")
    #expect(record.waves.count >= 2 && record.waves.allSatisfy { $0.result == "promoted" })
    let trials = record.waves.flatMap(\.trials)
    for fault in ["kill a pod of cart", "add 200 ms to users → cart", "cut a pod of users off from one of cart"] {
      #expect(trials.contains { $0.faults.contains(fault) }, "not tried: \(fault)")
    }
    #expect(trials.allSatisfy { $0.injectionVerified && $0.result == "pass" })
    let controls = trials.flatMap(\.controls).filter(\.applies)
    #expect(
      Set(controls.map(\.name)) == [
        "plaintextRefused", "wrongIdentityRefused", "unlistedCallerRefused", "adminUnreachable",
      ])
    #expect(controls.allSatisfy { $0.result == "pass" && $0.positiveControl == "caught" })
    let probes = record.waves.flatMap(\.probes)
    // There is no metadata service here, so that its vector can show nothing; all others got out of the weakened pods.
    let vectors: Set = ["K08", "L03", "L17", "L18", "L20", "L23", "L25"]
    #expect(Set(probes.filter { $0.phase == "weakened" && $0.result == "escaped" }.map(\.vector)) == vectors)
    #expect(Set(probes.filter { $0.phase == "after" }.map(\.vector)) == vectors)
    #expect(probes.allSatisfy { $0.phase == "weakened" || $0.result == "contained" })
    #expect(record.leftOut?.contains { $0.hasPrefix("control egressRefused: ") } == true)
  }

  /// By a pod that has no sidecar, and knows nothing of the mesh.
  private func checkThatPlaintextIsRefused(_ rollout: Rollout) async throws {
    let manifest = try rollout.write("stranger.json", RolloutShop.unknownCaller)
    try await rollout.cluster.kubectl("apply", "-f", manifest)
    try await rollout.cluster.kubectl(
      "-n", RolloutShop.namespace, "rollout", "status", "deployment/stranger", "--timeout=120s")
    #expect(try await eventually { try await rollout.counted(by: "stranger").errors >= 20 })
    let counted = try await rollout.counted(by: "stranger")
    #expect(counted.errors == counted.n, "\(counted.n - counted.errors) requests in plaintext got through")
    try await rollout.cluster.kubectl("delete", "-f", manifest, "--timeout=60s")
    // The token of its account goes a moment after the account, and what is written is counted next.
    let isGone = try await eventually {
      try await !rollout.cluster.kubectl("-n", RolloutShop.namespace, "get", "secrets", "-o", "name")
        .contains("stranger")
    }
    #expect(isGone)
  }

  private func checkThatNothingIsWrittenAgain(_ rollout: Rollout, _ plan: String) async throws {
    let before = try await rollout.versions()
    let again = try await rollout.start(plan: plan, out: "again")
    #expect(again.code == 0 && again.messages.contains("nothing to do"), "\(again.messages)")
    let resumed = try await rollout.bulkhead("rollout", "resume", rollout.path("run"))
    #expect(resumed.code == 0, "\(resumed.messages)")
    #expect(try await rollout.versions() == before)
  }

  /// What a run changed elsewhere is not here, which must not be taken for put back.
  private func checkThatAnotherClusterIsLeftAlone(_ rollout: Rollout) async throws {
    let (before, start) = (try await rollout.versions(), rollout.path("run/start.json"))
    let kept = try String(contentsOfFile: start, encoding: .utf8)
    let uid = try await rollout.cluster.kubectl(
      "get", "namespace", RolloutShop.namespace, "-o", "jsonpath={.metadata.uid}")
    let system = try await rollout.cluster.kubectl(
      "get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
    #expect(kept.contains(uid) && kept.contains(system), "the cluster is not written down: \(kept)")
    let elsewhere = [uid, system].reduce(kept) { $0.replacingOccurrences(of: $1, with: UUID().uuidString) }
    try elsewhere.write(toFile: start, atomically: true, encoding: .utf8)
    for word in ["resume", "undo"] {
      let refused = try await rollout.bulkhead("rollout", word, rollout.path("run"))
      #expect(refused.code == 78 && refused.messages.contains("another cluster"), "\(word): \(refused.messages)")
    }
    try kept.write(toFile: start, atomically: true, encoding: .utf8)
    #expect(try await rollout.versions() == before)
  }

  @Test("takes a canary back that refuses those who call it")
  func failingCanary() async throws {
    try await withShop { rollout in
      // No plan can know of this caller: only its calls show that they fail.
      try await rollout.cluster.kubectl("apply", "-f", try rollout.write("stranger.json", RolloutShop.unknownCaller))
      let plan = try rollout.write("plan.yaml", Plans.twoWaves)
      let ending = try await rollout.running(rollout.quick(plan, "run")) { _ in }
      try #require(ending.code == 80, "\(ending.messages)")
      let record = try rollout.record("run")
      #expect(record.waves.map(\.result) == ["promoted", "rolledBack"])
      let reason = record.waves.last?.reason ?? ""
      #expect(reason.contains("canary requests failed"), "\(reason)")
      // A pod that is leaving refuses the calls that still reach it.
      let isGone = try await eventually {
        try await rollout.cluster.kubectl(
          "-n", RolloutShop.namespace, "get", "pods", "-l", "bulkhead.dev/cohort=canary", "-o", "name") == ""
      }
      #expect(isGone, "the canary's pods do not go")
      // Calls go on, and all of them succeed.
      let then = try await rollout.counted(by: "stranger")
      #expect(try await eventually { try await rollout.counted(by: "stranger").n >= then.n + 100 })
      #expect(try await rollout.counted(by: "stranger").errors == then.errors)
      // The first wave stays, and nothing of the second one.
      let posture = try await rollout.cluster.kubectl(
        "-n", RolloutShop.namespace, "get", "deployment", "cart", "-o",
        #"jsonpath={.spec.template.metadata.annotations.bulkhead\.dev/posture}"#)
      #expect(posture.contains("mutualTLS=permissive,authorisation=shadow"), "\(posture)")
      try await checkThatDiscoveryOutlives(rollout)
    }
  }

  /// Its rights in a namespace go with the namespace. The next rollout here is served by it.
  private func checkThatDiscoveryOutlives(_ rollout: Rollout) async throws {
    let server = ["-n", "bulkhead", "get", "pods", "-l", "app=bulkhead-discovery", "-o"]
    try await rollout.cluster.deleteNamespaces(RolloutShop.namespace)
    try await rollout.cluster.kubectl(
      "-n", "bulkhead", "delete", "pods", "-l", "app=bulkhead-discovery", "--timeout=60s")
    var log = ""
    let serves = try await eventually {
      log = try await rollout.cluster.tryKubectl(["-n", "bulkhead", "logs", "deployment/bulkhead-discovery"]).output
      return log.contains("pods of \(RolloutShop.namespace) are gone with the namespace")
        && log.contains("serving 0 pods")
    }
    #expect(serves, "\(log)")
    let restarts = #"jsonpath={.items[*].status.containerStatuses[*].restartCount}"#
    #expect(try await rollout.cluster.tryKubectl(server + [restarts]).output == "0")
  }

  @Test("asks nobody for an identity while somebody who is known to call has none")
  func strictTooEarly() async throws {
    try await withShop { rollout in
      let before = try await rollout.counted(by: "users")
      let plan = try rollout.write("plan.yaml", Plans.strictTooEarly)
      let ending = try await rollout.running(rollout.quick(plan, "run")) { _ in }
      #expect(ending.code == 80, "\(ending.messages)")
      let reason = try rollout.record("run").waves.last?.reason ?? ""
      #expect(reason.contains("would ask for identities while its caller shop/users"), "\(reason)")
      #expect(try await rollout.counted(by: "users").errors == before.errors)
    }
  }

  @Test("takes a canary back that answers 150 ms later than the stable pods")
  func slowCanary() async throws {
    try await withShop { rollout in
      let plan = try rollout.write("plan.yaml", Plans.twoWaves)
      // Between the waves nothing waits for a test: the run is killed, and its second wave begins anew.
      try await rollout.startAndKill(plan: plan, out: "run", probes: false, trials: false) {
        try await rollout.waves("run").first == "promoted"
      }
      let role = try await rollout.cluster.kubectl(
        "-n", RolloutShop.namespace, "get", "configmap", "role-cart", "-o", "json")
      let slow = role.replacingOccurrences(of: #"medianMilliseconds\":1,"#, with: #"medianMilliseconds\":151,"#)
      #expect(slow != role)
      try await rollout.cluster.kubectl("replace", "-f", "-", input: slow)
      let ending = try await rollout.bulkhead("rollout", "resume", rollout.path("run"))
      #expect(ending.code == 80, "\(ending.messages)")
      let record = try rollout.record("run")
      #expect(record.waves.map(\.result) == ["promoted", "rolledBack"])
      let reason = record.waves.last?.reason ?? ""
      #expect(reason.contains("of the calls to its canary took longer than"), "\(reason)")
    }
  }

  @Test("does not patch what Helm keeps: the patch is written down")
  func keptByHelm() async throws {
    try await withShop(RolloutShop.keptByHelm) { rollout in
      let before = try await rollout.objects()
      let text = Plans.enrolOnly.split(separator: "cart").joined(separator: "kept")
      let ending = try await rollout.running(rollout.quick(try rollout.write("plan.yaml", text), "run")) { _ in }
      #expect(ending.code == 80, "\(ending.messages)")
      #expect(ending.messages.contains("kept by Helm"), "\(ending.messages)")
      let patch = try String(contentsOfFile: rollout.path("run") + "/patches/shop-kept.yaml", encoding: .utf8)
      #expect(patch.contains("name: bulkhead-proxy"))
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
    }
  }
}
