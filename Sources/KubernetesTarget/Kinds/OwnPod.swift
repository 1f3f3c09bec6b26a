import FleetModel
import KubernetesAPI

/// A pod of a workload, as far as its exchange is concerned.
package struct OwnPod: Sendable, Equatable {
  package var name: String
  package var uid: String
  package var node = ""
  /// The wave that made it; nil before the first one.
  package var revision: String?
  package var isReady = false
  package var isLeaving = false

  package init(name: String, uid: String) { (self.name, self.uid) = (name, uid) }

  /// Nil for a pod of something else.
  init?(_ pod: DocumentValue, of owner: String) {
    let metadata = pod["metadata"] ?? .null
    let isOwn = metadata["ownerReferences"]?.elements.contains {
      $0["controller"]?.bool == true && $0["uid"]?.string == owner
    }
    guard isOwn == true, let name = metadata["name"]?.string, let uid = metadata["uid"]?.string else { return nil }
    self.init(name: name, uid: uid)
    node = pod[path: "spec", "nodeName"]?.string ?? ""
    revision = metadata["labels"]?[ClusterNames.revision]?.string
    isLeaving = metadata["deletionTimestamp"] != nil
    isReady = !isLeaving && ClusterView.isReady(pod)
  }
}

/// Which pod is deleted next, so that another one takes its place.
package enum PodExchange {
  /// One at a time: nil while one is on its way, and once enough of them have the present template.
  /// - Parameters:
  ///   - revision: of the present template.
  ///   - count: how many pods are to have it; nil for all of them.
  ///   - brokenOnly: where the controller exchanges pods itself. It waits for one that does not serve, which a template
  ///     that was put back does not mend.
  package static func next(
    _ pods: [OwnPod], _ kind: any WorkloadKind, revision: String?, wanted: Int, count: Int? = nil, brokenOnly: Bool
  ) -> OwnPod? {
    let count = count ?? wanted
    let isSettled =
      pods.count == wanted && !pods.contains { $0.isLeaving || $0.revision == revision && !$0.isReady }
    guard isSettled, pods.count(where: { $0.revision == revision }) < count else { return nil }
    let ordered = pods.sorted(by: kind.precedes)
    if brokenOnly { return ordered.prefix(count).first { $0.revision != revision && !$0.isReady } }
    let old = ordered.filter { $0.revision != revision }
    return old.first { !$0.isReady } ?? old.first
  }
}
