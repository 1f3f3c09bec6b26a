package import FleetModel
package import KubernetesAPI

/// It has one pod on each node, and no field that would stop its controller half-way: while a canary lasts, the
/// strategy is `OnDelete`, and the pods of some nodes are deleted. The rest is exchanged as its owner wants it.
package struct DaemonSetKind: WorkloadKind {
  package init() {}

  package var resource: APIResource { .daemonSets }

  package func progress(_ live: DocumentValue) -> PodProgress {
    PodProgress(
      live, wanted: live[path: "status", "desiredNumberScheduled"]?.integer ?? 0, "currentNumberScheduled",
      "updatedNumberScheduled", "numberAvailable")
  }

  package func heldField(_ live: DocumentValue) -> [String]? { ["spec", "updateStrategy", "type"] }

  package func heldValue(canaries: Int, of pods: Int, original: DocumentValue) -> DocumentValue {
    canaries < pods ? .string("OnDelete") : original
  }

  package func precedes(_ pod: OwnPod, _ other: OwnPod) -> Bool { (pod.node, pod.name) < (other.node, other.name) }
}
