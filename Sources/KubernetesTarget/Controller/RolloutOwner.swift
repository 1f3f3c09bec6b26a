import Diagnostics
import FleetModel
import KubernetesAPI

/// The `Rollout` object that a run's ConfigMaps belong to: they go when it goes.
package struct RolloutOwner: Sendable, Equatable {
  package var name: String
  package var uid: String

  package init(name: String, uid: String) { (self.name, self.uid) = (name, uid) }

  func configMap(_ what: String) -> ObjectName {
    ObjectName(.configMaps, namespace: ClusterNames.namespace, name: "rollout-\(name)-\(what)")
  }

  func owns(_ object: DocumentValue) -> Bool {
    object[path: "metadata", "ownerReferences"]?.elements.contains { $0["uid"]?.string == uid } == true
  }

  /// What a Rollout of the same name left, or somebody else made.
  func foreign(_ name: ObjectName) -> BulkheadError {
    BulkheadError(
      .tryAgain, "\(name) belongs to something else, such as an earlier Rollout of that name",
      cure: "wait until the cluster has collected it, or delete it")
  }

  func object(_ name: ObjectName, data: [String: String], annotations: [String: String] = [:]) -> DocumentValue {
    .map([
      "apiVersion": .string("v1"), "kind": .string("ConfigMap"),
      "metadata": .map([
        "name": .string(name.name), "namespace": name.namespace.map { .string($0) },
        "labels": .labels([ClusterNames.managedBy: ClusterNames.program, RolloutDefinition.label: self.name]),
        "annotations": annotations.isEmpty ? nil : .labels(annotations),
        "ownerReferences": .list([
          .map([
            "apiVersion": .string(APIResource.rollouts.apiVersion), "kind": .string("Rollout"),
            "name": .string(self.name), "uid": .string(uid), "controller": .bool(true),
          ])
        ]),
      ]),
      "data": .labels(data),
    ])
  }
}
