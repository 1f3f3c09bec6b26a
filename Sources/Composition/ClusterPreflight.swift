import Diagnostics
import KubernetesAPI

/// Whether a cluster is ready for a rollout, for commands to show.
package struct ClusterCheck: Sendable {
  package enum Result: String, Sendable { case pass, warning, fail, unknown }

  package var code: String
  package var category: String
  package var title: String
  package var result: Result
  package var detail: String
  /// Empty where there is nothing to do.
  package var cure: String
}

/// What a preflight is told.
package struct ClusterPreflightOptions: Sendable {
  /// One of istioSidecar, istioAmbient, linkerd, consul, envoy; nil for whichever is there.
  package var mesh: String?
  package var sidecarMilliCPU = 100
  package var sidecarBytes = 128 << 20
  /// Whether to try with pods, in the access's namespace, if NetworkPolicy is enforced.
  package var tries = false
  package var image: String?

  package init() {}
}

extension ClusterAccess {
  /// - Throws: `BulkheadError` when the cluster cannot be asked at all.
  package func preflight(
    _ options: ClusterPreflightOptions, warn: @escaping @Sendable (String) -> Void
  ) async throws -> [ClusterCheck] {
    try await with(warn: warn) { client in
      var plan = PreflightPlan()
      plan.mesh = options.mesh.flatMap(PreflightPlan.Mesh.init(rawValue:))
      plan.namespace = allNamespaces ? nil : namespace
      plan.sidecarMilliCPU = options.sidecarMilliCPU
      plan.sidecarBytes = options.sidecarBytes
      let trial =
        options.tries
        ? NetworkPolicyTrial(
          namespace: namespace ?? client.settings.namespace, image: options.image ?? NetworkPolicyTrial.defaultImage,
          nonce: String(UInt32.random(in: 0 ... .max), radix: 36)) : nil
      let report = try await ClusterPreflight.examine(client, plan, trial: trial)
      return report.checks.map {
        ClusterCheck(
          code: $0.code, category: $0.category.rawValue, title: $0.title,
          result: ClusterCheck.Result(rawValue: $0.result.rawValue) ?? .unknown, detail: $0.detail, cure: $0.cure)
      }
    }
  }
}
