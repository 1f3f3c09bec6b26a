package import FleetModel
package import KubernetesAPI

/// Its pods have names and volumes of their own. The canary is its last pods: those from the partition on take a new
/// template, and the others keep theirs even when they die.
package struct StatefulSetKind: WorkloadKind {
  package init() {}

  package var resource: APIResource { .statefulSets }

  package func progress(_ live: DocumentValue) -> PodProgress {
    PodProgress(
      live, wanted: live[path: "spec", "replicas"]?.integer ?? 1, "replicas", "updatedReplicas", "readyReplicas")
  }

  package func heldField(_ live: DocumentValue) -> [String]? {
    exchangesByDeletion(live) ? nil : ["spec", "updateStrategy", "rollingUpdate", "partition"]
  }

  /// The partition counts from the first pod, whatever number that has.
  package func heldValue(canaries: Int, of pods: Int, original: DocumentValue) -> DocumentValue {
    let partition = max(0, pods - canaries)
    return partition == original.integer ?? 0 ? original : .integer(partition)
  }

  /// From the last one on, as its controller does it.
  package func precedes(_ pod: OwnPod, _ other: OwnPod) -> Bool { Self.ordinal(pod) > Self.ordinal(other) }

  private static func ordinal(_ pod: OwnPod) -> Int { pod.name.split(separator: "-").last.flatMap { Int($0) } ?? 0 }
}
