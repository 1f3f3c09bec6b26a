package import FleetModel
import KubernetesAPI

/// A second Deployment with the workload's own labels, so that its Services reach the canary's pods as well.
package struct CanaryDeployment: Sendable {
  /// The workload as it is in the cluster.
  package var live: DocumentValue
  package var template: PodTemplate
  package var replicas: Int
  package var annotations: [String: String]

  package init(live: DocumentValue, template: PodTemplate, replicas: Int, annotations: [String: String]) {
    (self.live, self.template, self.replicas, self.annotations) = (live, template, replicas, annotations)
  }

  package var name: String { ClusterNames.canary(of: template.workload.name) }

  package var object: DocumentValue {
    let own = DocumentValue.labels([ClusterNames.cohort: "canary"])
    let selector = (live[path: "spec", "selector"] ?? .mapping([]))
      .merging(.map(["matchLabels": own]))
    let pods = Self.cleaned(live[path: "spec", "template"] ?? .mapping([]))
      .merging(template.template).merging(.map(["metadata": .map(["labels": own])]))
    return .map([
      "apiVersion": .string("apps/v1"), "kind": .string("Deployment"),
      "metadata": .map([
        "name": .string(name), "namespace": .string(template.workload.namespace),
        "labels": .labels([
          ClusterNames.managedBy: ClusterNames.program, ClusterNames.canaryOf: template.workload.name,
        ]),
        "annotations": .labels(annotations),
      ]),
      "spec": .map([
        "replicas": .integer(replicas), "progressDeadlineSeconds": .integer(300), "selector": selector,
        "template": pods,
      ]),
    ])
  }

  /// Without what the server filled in and nobody may apply.
  private static func cleaned(_ template: DocumentValue) -> DocumentValue {
    let metadata = (template["metadata"] ?? .mapping([])).without(["creationTimestamp"])
    let keys = template.without(["metadata"])
    return DocumentValue.map(["metadata": metadata]).merging(keys)
  }
}
