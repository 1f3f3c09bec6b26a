import Foundation
import Glibc
import Testing

/// The chart, installed by a real Helm.
@Suite(
  "The chart", .serialized, .timeLimit(.minutes(15)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"),
  .enabled(if: Helm.isThere, "needs Helm: run Scripts/kubernetes/helm"), .clusterForRollouts)
struct ChartTests {
  @Test("brings what the plain manifests bring, rolls out, and leaves the keys of sidecars when it goes")
  func installed() async throws {
    try await withShop { rollout in
      let (controller, helm) = (Controller(rollout: rollout), Helm(cluster: rollout.cluster))
      try await helm.run("lint", "--strict", Helm.chart)
      try await helm.run(["install"] + Helm.release + ["--set", "controller.enabled=true"])
      let byHelm = try await objects(rollout.cluster)
      #expect(byHelm.count >= 20)

      try await controller.allowReadingStandins()
      let before = try await rollout.objects()
      try await controller.order("shop", plan: try rollout.write("plan.yaml", Plans.oneWave), "--skip-trials")
      let done = try await controller.wait("shop") {
        $0.exitCode >= 0 && $0.phase != "Running" && $0.phase != "Pending"
      }
      #expect(done.phase == "Promoted", "\(done)")
      try await rollout.cluster.kubectl(
        "-n", "bulkhead", "delete", "rollouts.bulkhead.dev", "shop", "--timeout=180s")
      #expect(try await rollout.objects() == before)

      try await helm.run(
        ["upgrade"] + Helm.release + ["--set", "controller.enabled=true,controller.replicas=1"])
      let replicas = try await rollout.cluster.kubectl(
        "-n", "bulkhead", "get", "deployment", "bulkhead-controller", "-o", "jsonpath={.spec.replicas}")
      #expect(replicas == "1")
      try await helm.run("uninstall", "bulkhead", "--namespace", "default", "--wait", "--timeout", "120s")
      let left = try await rollout.cluster.kubectl(
        "get", "namespaces,clusterroles,clusterrolebindings,roles,rolebindings,deployments,customresourcedefinitions",
        "-A", "-l", "app.kubernetes.io/part-of=bulkhead", "-o", "name"
      ).split(separator: "\n").map(String.init).sorted()
      #expect(
        left == ["customresourcedefinition.apiextensions.k8s.io/rollouts.bulkhead.dev", "namespace/bulkhead"])

      try await controller.install()
      try await rollout.cluster.kubectl("apply", "-f", Tool.project + "/deploy/executor-meshes.yaml")
      #expect(try await objects(rollout.cluster) == byHelm)
    }
  }

  /// All that was installed, without what an API server or Helm notes about each.
  private func objects(_ cluster: Cluster) async throws -> [String] {
    let kinds = "namespaces,serviceaccounts,clusterroles,clusterrolebindings,roles,rolebindings,deployments"
    let text = try await cluster.kubectl(
      "get", kinds + ",customresourcedefinitions", "-A", "-l", "app.kubernetes.io/part-of=bulkhead", "-o", "json")
    let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try (list?["items"] as? [[String: Any]] ?? []).map { item in
      let metadata = item["metadata"] as? [String: Any] ?? [:]
      var labels = metadata["labels"] as? [String: String] ?? [:]
      labels["app.kubernetes.io/managed-by"] = nil
      var kept: [String: Any] = ["labels": labels]
      for key in ["name", "namespace"] { kept[key] = metadata[key] }
      let named = item.filter { !["metadata", "status", "secrets"].contains($0.key) }
      let data = try JSONSerialization.data(
        withJSONObject: named.merging(["metadata": kept]) { _, new in new },
        options: [.sortedKeys, .withoutEscapingSlashes])
      return String(decoding: data, as: UTF8.self)
    }.sorted()
  }
}

/// The Helm that Scripts/kubernetes/helm fetches.
struct Helm: Sendable {
  var cluster: Cluster

  static let program = Tool.project + "/.tools/helm"
  static let isThere = access(program, X_OK) == 0
  static let chart = Tool.project + "/deploy/helm/bulkhead"
  static let release = [
    "bulkhead", chart, "--namespace", "default", "--wait", "--timeout", "120s", "--set",
    "enrolledNamespaces={\(RolloutShop.namespace)}", "--set",
    "controller.image=bulkhead.test/bulkhead:1,controller.envoyImage=bulkhead.test/envoy:1",
  ]

  func run(_ words: String...) async throws { try await run(words) }

  func run(_ words: [String]) async throws {
    // It keeps nothing in anybody's home.
    try await withFolder { folder in
      let homes = ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"]
      let environment = Dictionary(uniqueKeysWithValues: homes.map { ($0, "\(folder)/\($0)") })
      let all = [Self.program, "--kubeconfig", cluster.kubeconfig] + words
      let ending = try await Tool.run(all, environment: environment)
      guard ending.code == 0 else { throw ToolFailure(words: all, ending: ending) }
    }
  }
}
