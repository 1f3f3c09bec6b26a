import Foundation
import Testing

/// A whole shop of twelve workloads, ordered of the controller: in waves, with trials and probes, through a crash.
@Suite(
  "A shop on a cluster", .serialized, .timeLimit(.minutes(30)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"), .clusterForRollouts)
struct BoutiqueTests {
  @Test("is enrolled and locked in waves though the controller is killed, and put back when the order is deleted")
  func whole() async throws {
    let cluster = try Cluster.current()
    try await withFolder { folder in
      let controller = Controller(rollout: Rollout(cluster: cluster, folder: folder))
      try await cluster.kubectl("apply", "-f", try controller.rollout.write("shop.json", RolloutShop.boutique))
      try await cluster.kubectl(
        "-n", RolloutShop.namespace, "wait", "--for=condition=Available", "deployments", "--all", "--timeout=240s")
      try await controller.install()
      let before = try await controller.rollout.objects()
      let planned = try await controller.rollout.bulkhead(
        "plan", "--kube", "-n", RolloutShop.namespace, "--mesh", "envoy", "--capacity", "4", "-o", "yaml")
      try #require(planned.code == 0, "\(planned.messages)")
      try await controller.order(
        "shop", plan: try controller.rollout.write("plan.yaml", planned.output), "--standin-image",
        "bulkhead.test/standin:1", "--sidecar-cpu", "10m", "--sidecar-memory", "32Mi")

      try await controller.wait("shop", within: .seconds(600)) { $0.waves.first?.result == "promoted" }
      try await controller.signal("SIGKILL", pod: try #require(try await controller.leader()))
      // Whoever asks takes processors from those who are judged.
      let done = try await controller.wait("shop", within: .seconds(1_200), pace: .seconds(5)) { !Self.isGoingOn($0) }
      let record = try await record(controller)
      #expect(done.phase == "Promoted" && done.exitCode == 0, "\(done)\n\(record.suffix(20_000))")
      #expect(done.epoch >= 1)
      try check(try JSONDecoder().decode(Rollout.RunRecord.self, from: Data(record.utf8)))
      let unsealed = try await cluster.kubectl(
        "-n", RolloutShop.namespace, "get", "deployments", "-o",
        #"jsonpath={range .items[*]}{.spec.template.metadata.annotations.bulkhead\.dev/posture}{"\n"}{end}"#
      ).split(separator: "\n").filter { !$0.contains("authorisation=enforced") }
      #expect(unsealed.isEmpty, "\(unsealed)")

      try await cluster.kubectl("-n", "bulkhead", "delete", "rollouts.bulkhead.dev", "shop", "--timeout=600s")
      #expect(try await controller.rollout.objects() == before)
      // Users go on being served, without the mesh.
      try await cluster.kubectl(
        "-n", RolloutShop.namespace, "rollout", "status", "deployment/loadgenerator", "--timeout=120s")
      let then = try await controller.rollout.counted(by: "loadgenerator")
      #expect(try await eventually { try await controller.rollout.counted(by: "loadgenerator").n >= then.n + 100 })
      #expect(try await controller.rollout.counted(by: "loadgenerator").errors == then.errors)
    }
  }

  private static func isGoingOn(_ status: Controller.Status) -> Bool {
    ["Pending", "Running", "RollingBack"].contains(status.phase)
  }

  private func record(_ controller: Controller) async throws -> String {
    try await controller.cluster.kubectl(
      "-n", "bulkhead", "get", "configmap", "rollout-shop-record-0", "-o", "jsonpath={.data.text}")
  }

  private func check(_ record: Rollout.RunRecord) throws {
    #expect(record.result == "promoted" && record.waves.count >= 3)
    let trials = record.waves.flatMap(\.trials)
    #expect(trials.contains { $0.faults.contains { $0.hasPrefix("kill a pod") } })
    #expect(trials.allSatisfy { $0.injectionVerified && $0.result == "pass" })
    let controls = trials.flatMap(\.controls).filter(\.applies)
    #expect(controls.allSatisfy { $0.result == "pass" && $0.positiveControl == "caught" })
    let probes = record.waves.flatMap(\.probes)
    #expect(probes.contains { $0.phase == "weakened" && $0.result == "escaped" })
    #expect(probes.contains { $0.phase == "after" })
  }
}
