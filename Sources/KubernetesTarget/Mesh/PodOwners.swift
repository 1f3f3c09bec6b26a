import FleetModel

/// Tells whose a pod is by its labels: of the workloads whose labels it has all, the one with most of them.
struct PodOwners {
  private struct Mark: Hashable {
    var namespace: String
    var key: String
    var value: String
  }

  /// Each workload under the rarest of its labels: few others have it, however many pods are asked about.
  private var byMark: [Mark: [MeshDocument.Workload]] = [:]

  init(_ workloads: [MeshDocument.Workload]) {
    var count: [Mark: Int] = [:]
    for mark in workloads.lazy.flatMap(Self.marks) { count[mark, default: 0] += 1 }
    for workload in workloads {
      let rarest = Self.marks(of: workload).min { (count[$0] ?? 0, $0.key) < (count[$1] ?? 0, $1.key) }
      // Without labels nothing would tell its pods.
      if let rarest { byMark[rarest, default: []].append(workload) }
    }
  }

  func owner(_ namespace: String, _ labels: [String: String]) -> ObjectReference? {
    labels.lazy.flatMap { byMark[Mark(namespace: namespace, key: $0.key, value: $0.value)] ?? [] }
      .filter { $0.podLabels.allSatisfy { labels[$0.key] == $0.value } }
      .max { ($0.podLabels.count, $1.workload) < ($1.podLabels.count, $0.workload) }?.workload
  }

  private static func marks(of workload: MeshDocument.Workload) -> [Mark] {
    workload.podLabels.map { Mark(namespace: workload.workload.namespace, key: $0.key, value: $0.value) }
  }
}
