import FleetModel
import KubernetesAPI
import Policies

/// Faults as Chaos Mesh's objects. Each names the pods that it is for, and how long it lasts at most: Chaos Mesh ends
/// it then, whoever is still there to remove it.
enum ChaosObjects {
  static let apiVersion = "chaos-mesh.org/v1alpha1"
  static let kinds = ["NetworkChaos", "PodChaos", "StressChaos"]

  /// Seconds between the order to die and death: of a StatefulSet's pods not none, for those who are killed at once are
  /// replaced before the kubelet has said that they are gone.
  static func grace(_ workload: ObjectReference) -> Int { workload.kind == "StatefulSet" ? 1 : 0 }

  static func kill(_ workload: ObjectReference, pod: String) -> ManifestObject {
    object(
      "PodChaos", "kill", workload, workload, "kills one pod of \(workload.name)",
      .map([
        "action": .string("pod-kill"), "mode": .string("all"), "gracePeriod": .integer(grace(workload)),
        "selector": pods(workload.namespace, [pod]),
      ]))
  }

  /// What the target's pods answer to the caller's is held up: their packets alone bear addresses of pods on both ends,
  /// however the caller came by the target's.
  static func delay(
    caller: Workload, target: Workload, milliseconds: Int, limit: Duration
  ) -> ManifestObject {
    object(
      "NetworkChaos", "delay", caller.id, target.id, "adds \(milliseconds) ms to \(caller.id.name) → \(target.id.name)",
      .map([
        "action": .string("delay"), "mode": .string("all"), "selector": labels(target),
        "direction": .string("to"), "target": .map(["mode": .string("all"), "selector": labels(caller)]),
        "delay": .map([
          "latency": .string("\(milliseconds)ms"), "correlation": .string("0"), "jitter": .string("0ms"),
        ]),
        "duration": .string(duration(limit)),
      ]))
  }

  static func partition(
    caller: SeenPod, target: SeenPod, limit: Duration
  ) -> ManifestObject {
    object(
      "NetworkChaos", "partition", caller.workload, target.workload,
      "cuts a pod of \(caller.workload.name) off from one of \(target.workload.name)",
      .map([
        "action": .string("partition"), "mode": .string("all"),
        "selector": pods(caller.workload.namespace, [caller.name]), "direction": .string("both"),
        "target": .map(["mode": .string("all"), "selector": pods(target.workload.namespace, [target.name])]),
        "duration": .string(duration(limit)),
      ]))
  }

  /// What burns within a container's limits, so that its neighbours on the node keep what they have.
  enum Stress: Sendable, Equatable {
    /// So many threads that take whatever CPU there is.
    case cpu(workers: Int)
    case memory(bytes: Int)
  }

  /// - Parameters:
  ///   - container: the one whose limits are met.
  static func stress(_ pod: SeenPod, container: String, _ stress: Stress, limit: Duration) -> ManifestObject {
    let (word, title, stressor) =
      switch stress {
      case .cpu(let workers): ("cpu", "CPU", DocumentValue.map(["workers": .integer(workers), "load": .integer(100)]))
      case .memory(let bytes): ("memory", "memory", .map(["workers": .integer(1), "size": .string("\(bytes)B")]))
      }
    return object(
      "StressChaos", word, pod.workload, pod.workload, "runs a pod of \(pod.workload.name) into its \(title) limit",
      .map([
        "mode": .string("all"), "selector": pods(pod.workload.namespace, [pod.name]),
        "containerNames": .texts([container]), "stressors": .map([word: stressor]),
        "duration": .string(duration(limit)),
      ]))
  }

  /// Whole seconds, at least one.
  static func duration(_ limit: Duration) -> String {
    "\(max(1, Int((limit / .seconds(1)).rounded(.up))))s"
  }

  private static func pods(_ namespace: String, _ names: [String]) -> DocumentValue {
    .map([
      "namespaces": .texts([namespace]), "pods": .mapping([DocumentValue.Entry(namespace, .texts(names))]),
    ])
  }

  private static func labels(_ workload: Workload) -> DocumentValue {
    .map([
      "namespaces": .texts([workload.id.namespace]), "labelSelectors": .labels(workload.podLabels),
    ])
  }

  private static func object(
    _ kind: String, _ word: String, _ caller: ObjectReference, _ target: ObjectReference, _ purpose: String,
    _ spec: DocumentValue
  ) -> ManifestObject {
    let names = caller == target ? target.name : "\(caller.name)-\(target.name)"
    return ManifestObject(
      kind, apiVersion, namespace: target.namespace, name: ClusterNames.label("bulkhead-\(word)-\(names)"),
      for: target, purpose: purpose, spec: spec)
  }
}

/// What Chaos Mesh says of a fault.
struct ChaosStatus: Sendable, Equatable {
  /// Every pod that was selected has it.
  var isInjected: Bool
  /// None of them has it any more.
  var isRecovered: Bool

  init(_ live: DocumentValue) {
    func isTrue(_ type: String) -> Bool {
      (live[path: "status", "conditions"]?.elements ?? []).contains {
        $0["type"]?.string == type && $0["status"]?.string == "True"
      }
    }
    // Without a pod that was selected, all of them have it.
    (isInjected, isRecovered) = (isTrue("Selected") && isTrue("AllInjected"), isTrue("AllRecovered"))
  }
}
