import FleetModel
import Foundation
package import KubernetesAPI

/// Tells what happens to a rollout as events of the cluster. Nothing depends on them, and those that cannot be written
/// are lost.
package struct RolloutEvents: Sendable {
  package enum Kind: String, Sendable { case normal = "Normal", warning = "Warning" }

  private let client: KubernetesClient
  private let owner: RolloutOwner
  private let instance: String

  package init(_ client: KubernetesClient, _ owner: RolloutOwner, instance: String) {
    (self.client, self.owner, self.instance) = (client, owner, instance)
  }

  /// - Parameters:
  ///   - reason: one word, such as `WavePromoted`.
  ///   - note: for people; at most a kilobyte of it is kept.
  package func tell(_ kind: Kind, _ reason: String, _ note: String) async {
    let id = String(UInt64.random(in: 0 ... .max), radix: 16)
    let name = ObjectName(.events, namespace: ClusterNames.namespace, name: "\(owner.name).\(id)")
    let object = DocumentValue.map([
      "apiVersion": .string("events.k8s.io/v1"), "kind": .string("Event"),
      "metadata": .map(["name": .string(name.name), "namespace": .string(ClusterNames.namespace)]),
      "eventTime": .string(RolloutLease.text(Date())), "type": .string(kind.rawValue), "reason": .string(reason),
      "action": .string("RollOut"), "note": .string(String(note.prefix(900))),
      "reportingController": .string("bulkhead.dev/controller"), "reportingInstance": .string(instance),
      "regarding": .map([
        "apiVersion": .string(APIResource.rollouts.apiVersion), "kind": .string("Rollout"),
        "name": .string(owner.name), "namespace": .string(ClusterNames.namespace), "uid": .string(owner.uid),
      ]),
    ])
    _ = try? await client.create(object, as: name, request: id)
  }
}
