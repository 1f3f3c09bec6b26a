package import KubernetesAPI

/// The custom resource `Rollout`: a rollout that the controller in the cluster carries out. Its definition is in
/// `deploy/controller.yaml`.
package enum RolloutDefinition {
  package static let group = "bulkhead.dev"
  package static let version = "v1alpha1"
  /// Held until what a rollout did is undone, or kept on purpose.
  package static let finalizer = "bulkhead.dev/rollout"
  /// On everything that belongs to a rollout: its name.
  package static let label = "bulkhead.dev/rollout"

  package static func name(_ name: String) -> ObjectName {
    ObjectName(.rollouts, namespace: ClusterNames.namespace, name: name)
  }
}

extension APIResource {
  package static let rollouts = APIResource(
    group: RolloutDefinition.group, version: RolloutDefinition.version, kind: "Rollout", plural: "rollouts",
    isNamespaced: true)
  package static let events = APIResource(
    group: "events.k8s.io", version: "v1", kind: "Event", plural: "events", isNamespaced: true)
}
