package import FleetModel
package import IntentModel
import KubernetesAPI
package import Policies

/// What tells one mesh from another in a rollout. Canaries, selectors, promotion, undo, ownership and the lease are the
/// same for all.
package protocol MeshEnrolment: Sendable {
  var mesh: Mesh { get }
  /// What the mesh adds to the pod template of a workload in a posture in which it is enrolled: the body of an apply
  /// that owns exactly these fields.
  /// - Parameter revision: of the pods, where the mesh itself has to know it.
  func additions(_ workload: Workload, _ posture: Posture, revision: String) throws -> DocumentValue
  /// The objects of a workload in a posture, in the order in which they are needed.
  func objects(_ workload: ObjectReference, _ posture: Posture) throws -> [ManifestObject]
  /// What a pod that the mesh should have taken in is without, in words; nil when it lacks nothing.
  func lacks(_ pod: DocumentValue) -> String?
  /// Where the proxy in a pod tells what it has counted; nil where counts come another way.
  var statistics: ProxyStatistics? { get }
}

/// Where a proxy tells what it has counted.
package struct ProxyStatistics: Sendable, Equatable {
  package var port: Int
  package var path: String

  package init(port: Int, path: String) { (self.port, self.path) = (port, path) }
}

/// Pods that a mesh has taken in, as its injector leaves them.
enum InjectedPod {
  /// Whether a container of this name runs beside the application, or, as a native sidecar, before it.
  static func hasContainer(_ name: String, _ pod: DocumentValue) -> Bool {
    let beside = pod[path: "spec", "containers"]?.elements ?? []
    let before = (pod[path: "spec", "initContainers"]?.elements ?? []).filter {
      $0["restartPolicy"]?.string == "Always"
    }
    return (beside + before).contains { $0["name"]?.string == name }
  }

  static func metadata(labels: [String: String] = [:], annotations: [String: String] = [:]) -> DocumentValue {
    .map([
      "metadata": .map([
        "labels": labels.isEmpty ? nil : .labels(labels),
        "annotations": annotations.isEmpty ? nil : .labels(annotations),
      ])
    ])
  }
}
