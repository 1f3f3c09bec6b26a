package import FleetModel
package import KubernetesAPI

/// What tells one kind of workload from another in a rollout: how far its controller has come, and where its canary is.
///
/// A Deployment gets its canary beside it. Pods of the other kinds have names, volumes or nodes of their own, which a
/// second workload could not share: some of their own pods are the canary, and a field of the workload's update
/// strategy keeps the others as they are.
package protocol WorkloadKind: Sendable {
  var resource: APIResource { get }
  /// Whether the canary is a second workload.
  var hasCanaryBeside: Bool { get }
  func progress(_ live: DocumentValue) -> PodProgress
  /// The field that keeps pods from a new template; nil where nobody but Bulkhead exchanges them.
  func heldField(_ live: DocumentValue) -> [String]?
  /// What that field says while so many of the pods are to take the new template.
  /// - Parameter original: what its owner wants it to say; null where it is not there.
  func heldValue(canaries: Int, of pods: Int, original: DocumentValue) -> DocumentValue
  /// Whether this pod is exchanged before that one.
  func precedes(_ pod: OwnPod, _ other: OwnPod) -> Bool
}

extension WorkloadKind {
  package var hasCanaryBeside: Bool { false }

  /// How many of a workload's own pods come nearest to a share: at least one, and never all of several.
  package func canaries(_ percent: Int, of pods: Int) -> Int {
    guard pods > 1, percent < 100 else { return pods }
    return min(pods - 1, max(1, (percent * pods + 50) / 100))
  }

  /// Whether pods take a new template only when somebody deletes them.
  func exchangesByDeletion(_ live: DocumentValue) -> Bool {
    live[path: "spec", "updateStrategy", "type"]?.string == "OnDelete"
  }
}

/// How far a controller has come with its pods, as the workload's status has it.
package struct PodProgress: Sendable, Equatable {
  /// Whether the status is about the specification as it is.
  package var isObserved = false
  package var wanted = 0
  package var present = 0
  /// Those of the present template.
  package var updated = 0
  package var serving = 0

  /// - Parameter count: of pods that are to have the present template; nil for all of them.
  package func isDone(_ count: Int? = nil) -> Bool {
    isObserved && updated >= (count ?? wanted) && updated <= wanted && present == wanted && serving == wanted
  }

  init(_ live: DocumentValue, wanted: Int, _ present: String, _ updated: String, _ serving: String) {
    let status = live["status"] ?? .mapping([])
    func count(_ key: String) -> Int { status[key]?.integer ?? 0 }
    isObserved = count("observedGeneration") >= live[path: "metadata", "generation"]?.integer ?? 0
    self.wanted = wanted
    (self.present, self.updated, self.serving) = (count(present), count(updated), count(serving))
  }
}

/// The kinds that can be enrolled. Nobody makes the pods of Jobs, or bare ones, anew from a template that changed.
package enum WorkloadKinds {
  package static let all: [any WorkloadKind] = [DeploymentKind(), StatefulSetKind(), DaemonSetKind()]
  static let controllers = Set(all.map(\.resource.kind))

  package static func of(_ workload: ObjectReference) -> (any WorkloadKind)? {
    all.first { $0.resource.kind == workload.kind }
  }

  /// Nil for a kind that cannot be enrolled.
  package static func name(of workload: ObjectReference) -> ObjectName? {
    of(workload).map { ObjectName($0.resource, namespace: workload.namespace, name: workload.name) }
  }
}
