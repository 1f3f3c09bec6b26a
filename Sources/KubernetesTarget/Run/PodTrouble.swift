import Diagnostics
import FleetModel
import KubernetesAPI

/// Why a pod does not come, in the words of the scheduler and the kubelet.
struct PodTrouble: Sendable, Equatable {
  /// To be appended to a sentence.
  var text: String
  /// Whether waiting is of no use: the kubelet tries again, ever more slowly, and nothing that the rollout does will
  /// change the outcome. Room may still be made for a pod that has none.
  var isHopeless: Bool

  /// Nil for a pod that is on its way, or going.
  init?(of pod: DocumentValue) {
    guard pod[path: "metadata", "deletionTimestamp"] == nil else { return nil }
    let statuses = ["initContainerStatuses", "containerStatuses"].flatMap { pod["status"]?[$0]?.elements ?? [] }
    for status in statuses {
      guard let waiting = status["state"]?["waiting"], let reason = waiting["reason"]?.string,
        !["PodInitializing", "ContainerCreating"].contains(reason)
      else { continue }
      let name = status["name"]?.string ?? "a container"
      let words = [reason, waiting["message"]?.string].compactMap(\.self).joined(separator: ": ")
      let end = Self.end(status["lastState"]?["terminated"], isOwn: Self.isOwn(name, of: pod))
      text = "; \(name): \(words.prefix(300))\(end)".safeForTerminal
      isHopeless = Self.hopeless.contains(reason)
      return
    }
    let conditions = pod[path: "status", "conditions"]?.elements ?? []
    guard
      let unscheduled = conditions.first(where: {
        $0["type"]?.string == "PodScheduled" && $0["status"]?.string == "False"
      })
    else { return nil }
    text =
      "; no node takes its pod: \((unscheduled["message"]?.string ?? "it is not said why").prefix(300))".safeForTerminal
    isHopeless = false
  }

  /// How it ended the last time. Only Bulkhead's own containers are quoted: what others say at their end may be meant
  /// for nobody else.
  private static func end(_ terminated: DocumentValue?, isOwn: Bool) -> String {
    guard let terminated, let code = terminated["exitCode"]?.integer else { return "" }
    let reason = terminated["reason"]?.string.flatMap { ["Error", "Completed"].contains($0) ? nil : " (\($0))" } ?? ""
    let lines = (terminated["message"]?.string ?? "").split(separator: "\n").map { $0.drop { $0 == " " } }
    let message = isOwn && !lines.isEmpty ? ": \(lines.joined(separator: "; ").suffix(300))" : ""
    return "; it ended with \(code)\(reason)\(message)"
  }

  private static func isOwn(_ container: String, of pod: DocumentValue) -> Bool {
    if [ClusterNames.proxy, ClusterNames.credential, ClusterNames.capture].contains(container) { return true }
    let metadata = pod["metadata"]
    return container == ClusterNames.server && metadata?["namespace"]?.string == ClusterNames.namespace
      && metadata?["labels"]?["app"]?.string == ClusterNames.discovery
  }

  private static let hopeless: Set<String> = [
    "CrashLoopBackOff", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError",
  ]
}
