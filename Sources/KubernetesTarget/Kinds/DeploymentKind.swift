package import FleetModel
package import KubernetesAPI

/// Its pods are all alike, so that a second Deployment with the same labels may stand beside it.
package struct DeploymentKind: WorkloadKind {
  package init() {}

  package var resource: APIResource { .deployments }
  package var hasCanaryBeside: Bool { true }

  package func progress(_ live: DocumentValue) -> PodProgress {
    PodProgress(
      live, wanted: live[path: "spec", "replicas"]?.integer ?? 1, "replicas", "updatedReplicas", "availableReplicas")
  }

  package func heldField(_ live: DocumentValue) -> [String]? { nil }

  package func heldValue(canaries: Int, of pods: Int, original: DocumentValue) -> DocumentValue { original }

  package func precedes(_ pod: OwnPod, _ other: OwnPod) -> Bool { pod.name < other.name }
}
