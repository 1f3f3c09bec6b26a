package import FleetModel
package import IntentModel
package import Policies

/// The default-deny policy of one workload with a sidecar of Bulkhead's, for those of its pods that are to be isolated
/// alone.
package enum IsolationObject {
  /// - Throws: `BulkheadError` where a workload has no labels by which a policy could name it.
  package static func object(_ intent: Intent, in fleet: Fleet) throws -> ManifestObject {
    var policy = try IsolationPolicy(intent, in: fleet).policy
    policy.podSelector.requirements.append(label(ClusterNames.isolated, "true"))
    policy.egress.append(toDiscovery)
    return ManifestObject(policy, for: intent.workload, purpose: "\(intent.workload.name) and the calls it needs")
  }

  /// Sidecars must reach their server.
  private static let toDiscovery = NetworkPolicy.Rule(
    peers: [
      .pods(
        namespaces: LabelSelector([label("kubernetes.io/metadata.name", ClusterNames.namespace)]),
        pods: LabelSelector([label("app", ClusterNames.discovery)]))
    ], ports: [15012, 15013, 15014].map { .init(number: .range($0, $0)) })

  private static func label(_ key: String, _ value: String) -> LabelSelector.Requirement {
    .init(key: key, operation: .isIn, values: [value])
  }
}
