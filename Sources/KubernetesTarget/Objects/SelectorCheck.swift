package import FleetModel
import KubernetesAPI

/// Whether everything that selects the workload's pods still means the same while its canary is there (trap T22).
package enum SelectorCheck {
  package struct Difference: Sendable, Equatable {
    package var object: String
    package var message: String
    /// The wave must not begin with it.
    package var isFatal: Bool
  }

  /// - Parameters:
  ///   - pod: labels of the workload's pods.
  ///   - added: labels that the canary's pods have beside them.
  ///   - objects: Services, PodDisruptionBudgets, NetworkPolicies, workloads and HorizontalPodAutoscalers of the
  ///     namespace, each with its kind.
  package static func differences(
    workload: ObjectReference, pod: [String: String], added: [String: String], objects: [DocumentValue]
  ) -> [Difference] {
    let canary = pod.merging(added) { _, new in new }
    var found: [Difference] = []
    for object in objects {
      let kind = object["kind"]?.string ?? ""
      let name = object[path: "metadata", "name"]?.string ?? ""
      let title = "\(kind) \(name)"
      if kind == "HorizontalPodAutoscaler" {
        guard object[path: "spec", "scaleTargetRef", "name"]?.string == workload.name,
          object[path: "spec", "scaleTargetRef", "kind"]?.string == workload.kind
        else { continue }
        found.append(
          Difference(
            object: title, message: "averages over the canary's pods too, and counts its sidecars' use", isFatal: false)
        )
        continue
      }
      // The canary's own Deployment tells its pods from the workload's: that is what it is for.
      if kind == "Deployment", name == ClusterNames.canary(of: workload.name) { continue }
      guard let selector = selector(of: object, kind) else { continue }
      let (before, after) = (selector.matches(pod), selector.matches(canary))
      if before != after {
        found.append(
          Difference(
            object: title, message: before ? "does not select the canary's pods" : "selects the canary's pods alone",
            isFatal: true))
      } else if WorkloadKinds.controllers.contains(kind), after, (kind, name) != (workload.kind, workload.name) {
        found.append(
          Difference(object: title, message: "selects the pods of \(workload.name) as well", isFatal: false))
      }
    }
    return found.sorted { ($0.object, $0.message) < ($1.object, $1.message) }
  }

  /// Nil for what selects nothing.
  private static func selector(of object: DocumentValue, _ kind: String) -> LabelSelector? {
    switch kind {
    case "Service":
      guard let labels = object[path: "spec", "selector"]?.stringMap, !labels.isEmpty else { return nil }
      return DocumentValue.map(["matchLabels": .labels(labels)]).labelSelector
    case "NetworkPolicy": return (object[path: "spec", "podSelector"] ?? .mapping([])).labelSelector
    default: return object[path: "spec", "selector"]?.labelSelector
    }
  }
}
