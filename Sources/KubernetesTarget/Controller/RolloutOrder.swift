package import FleetModel
import Intake
import KubernetesAPI

/// What a `Rollout` object asks for.
package struct RolloutOrder: Sendable, Equatable {
  package enum Action: String, Sendable, CaseIterable {
    case run = "Run"
    case pause = "Pause"
    /// Put the present wave back, and end.
    case abort = "Abort"
    /// Put everything back.
    case undo = "Undo"
  }

  package enum OnDeletion: String, Sendable, CaseIterable {
    case undo = "Undo"
    case keep = "Keep"
  }

  package var name: String
  package var uid: String
  package var resourceVersion: String
  package var generation: Int
  /// RFC 3339, so that the order of texts is the order of times.
  package var created: String
  package var isDeleting: Bool
  package var finalizers: [String]

  package var plan: String
  package var action = Action.run
  package var onDeletion = OnDeletion.undo
  package var freezes = false
  package var approvesWaves = false
  /// The waves up to this one, counted from 1, may begin.
  package var approvedWaves = 0
  package var runsTrials = true
  package var image = ""
  package var envoyImage = ""
  package var standinImage: String?
  package var meshRevision: String?
  package var meshNamespace: String?
  package var sidecarMilliCPU = 100
  package var sidecarBytes = 128 << 20
  package var tolerance = 0.01
  package var alpha = 0.05
  package var beta = 0.05
  package var deadlineSeconds = 240
  /// What is wrong with it, in words; the API server has checked its structure, but not its numbers.
  package var problem: String?

  /// Reads an object as the API server has it. Nothing of it is trusted.
  package init(_ object: DocumentValue) {
    let metadata = object["metadata"] ?? .mapping([])
    name = metadata["name"]?.string ?? ""
    uid = metadata["uid"]?.string ?? ""
    resourceVersion = metadata["resourceVersion"]?.string ?? ""
    generation = metadata["generation"]?.integer ?? 0
    created = metadata["creationTimestamp"]?.string ?? ""
    isDeleting = metadata["deletionTimestamp"]?.string != nil
    finalizers = metadata["finalizers"]?.strings ?? []
    let spec = object["spec"] ?? .mapping([])
    plan = spec["plan"]?.string ?? ""
    action = choice(spec, "action", .run)
    onDeletion = choice(spec, "onDeletion", .undo)
    freezes = spec["onFailure"]?.string == "Freeze"
    approvesWaves = spec["approval"]?.string == "PerWave"
    approvedWaves = spec["approvedWaves"]?.integer ?? 0
    runsTrials = spec["trials"]?.string != "Skip"
    let images = spec["images"] ?? .mapping([])
    image = images["bulkhead"]?.string ?? ""
    envoyImage = images["envoy"]?.string ?? ""
    standinImage = images["standin"]?.string
    meshRevision = spec[path: "mesh", "revision"]?.string
    meshNamespace = spec[path: "mesh", "namespace"]?.string
    readSidecar(spec["sidecar"] ?? .mapping([]))
    let gate = spec["gate"] ?? .mapping([])
    tolerance = probability(gate, "tolerance", tolerance)
    alpha = probability(gate, "alpha", alpha)
    beta = probability(gate, "beta", beta)
    deadlineSeconds = gate["deadlineSeconds"]?.integer ?? deadlineSeconds
    if !(1...86_400).contains(deadlineSeconds) { problem = "spec.gate.deadlineSeconds must lie between 1 and 86400" }
    if plan.isEmpty { problem = "spec.plan is empty; it is what 'bulkhead plan --kube -o yaml' writes" }
  }

  package var isHeld: Bool { finalizers.contains(RolloutDefinition.finalizer) }
  /// Whether what is under way is to be put back.
  package var isAborted: Bool { isDeleting || action == .abort || action == .undo }

  /// Of the same object. (Versions of one kind can be compared as numbers in every API server there is.)
  package func isNewer(than other: RolloutOrder) -> Bool {
    guard let own = Int(resourceVersion), let others = Int(other.resourceVersion) else { return false }
    return own > others
  }

  private mutating func choice<Value: RawRepresentable & CaseIterable>(
    _ spec: DocumentValue, _ key: String, _ usual: Value
  ) -> Value where Value.RawValue == String {
    guard let text = spec[key]?.string else { return usual }
    if let value = Value(rawValue: text) { return value }
    problem = "spec.\(key) must be one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))"
    return usual
  }

  private mutating func readSidecar(_ sidecar: DocumentValue) {
    guard let milli = Quantity(sidecar["cpu"]?.string ?? "100m")?.milli, (0...1_000_000).contains(milli),
      let bytes = Quantity(sidecar["memory"]?.string ?? "128Mi")?.units, (0...1 << 40).contains(bytes)
    else {
      problem = "spec.sidecar wants quantities such as 100m and 128Mi"
      return
    }
    (sidecarMilliCPU, sidecarBytes) = (milli, bytes)
  }

  /// Texts, since an API has no fractions that every client reads alike.
  private mutating func probability(_ gate: DocumentValue, _ key: String, _ usual: Double) -> Double {
    guard let text = gate[key]?.string else { return usual }
    guard let value = Double(text), value > 0, value < 1 else {
      problem = "spec.gate.\(key) must be a number between 0 and 1, such as \"0.01\""
      return usual
    }
    return value
  }
}
