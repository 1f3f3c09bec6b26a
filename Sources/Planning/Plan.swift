package import FleetModel
package import IntentModel

/// The ordered whole: which workloads change in which wave, by which reversible steps.
package struct Plan: Sendable, Equatable {
  package var mesh: String
  /// SHA-256 of the fleet the plan was made for; a run refuses to go on over another fleet.
  package var fleetDigest: String
  package var waves: [Wave]
  /// Wishes the planner refused, with the reason, such as strict mutual TLS on a service that serves the outside.
  package var refusals: [Refusal]
  /// The most workloads that enter in one wave; 0 where there is no such limit.
  package var capacity = 0
  package var exposure: PlanExposure?
  /// What becomes of a canary without a verdict in time.
  package var gate = GateDeadline()
  /// The error rate that a canary may have at most, where an objective asks for less than usual.
  package var tolerance: Double?
  /// Not killed, limited or sent a spike in trials; sorted.
  package var protected: [ObjectReference] = []
  /// What a reviewer should know, such as circles of calls.
  package var notes: [String] = []
  /// The cluster that the plan is meant for, where one was named.
  package var cluster: String?
  /// Calls that only traffic shows, which no cluster's objects tell when the plan is carried out; sorted.
  package var observedCalls: [Call] = []
  /// A short digest of each object of the fleet, sorted by name: tells what changed.
  package var objects: [ObjectDigest] = []

  package init(mesh: String, fleetDigest: String, waves: [Wave], refusals: [Refusal]) {
    self.mesh = mesh
    self.fleetDigest = fleetDigest
    self.waves = waves
    self.refusals = refusals
  }

  /// The posture of every workload before wave `index` (0 = nothing done yet).
  package func postures(before index: Int) -> [ObjectReference: Posture] {
    var result: [ObjectReference: Posture] = [:]
    for wave in waves.prefix(index) {
      for step in wave.steps { result[step.workload] = step.after }
    }
    return result
  }
}

package struct Refusal: Sendable, Equatable, Hashable, Codable {
  package var workload: ObjectReference
  package var action: StepAction
  package var reason: String

  package init(workload: ObjectReference, action: StepAction, reason: String) {
    self.workload = workload
    self.action = action
    self.reason = reason
  }
}

/// A group of steps that is canaried, tried and promoted, or undone, together.
package struct Wave: Sendable, Equatable, Hashable {
  /// From 0.
  package var index: Int
  package var name: String
  /// Sorted.
  package var workloads: [ObjectReference]
  /// In the order in which they take effect; undone in reverse.
  package var steps: [Step]
  /// When it is to run, where a calendar was given.
  package var window: TimeWindow?

  package init(
    index: Int, name: String, workloads: [ObjectReference], steps: [Step], window: TimeWindow? = nil
  ) {
    self.index = index
    self.name = name
    self.workloads = workloads
    self.steps = steps
    self.window = window
  }

  /// The posture a workload has once this wave is promoted; nil for workloads it leaves alone.
  package func posture(of workload: ObjectReference) -> Posture? { steps.last { $0.workload == workload }?.after }
}

/// One reversible change to one workload.
package struct Step: Sendable, Equatable, Hashable {
  package var workload: ObjectReference
  package var action: StepAction
  package var before: Posture
  package var after: Posture
  package var wave: Int

  package init(workload: ObjectReference, action: StepAction, before: Posture, after: Posture, wave: Int) {
    self.workload = workload
    self.action = action
    self.before = before
    self.after = after
    self.wave = wave
  }

  /// Stable within a plan: `wave-2/default/cart[Deployment]/enrol`.
  package var id: String { "wave-\(wave + 1)/\(workload)/\(action.rawValue)" }

  /// What the step creates or changes, in words a person reviews.
  package var objects: [String] {
    switch action {
    case .harden: ["pod security context of \(workload)"]
    case .enrol: ["sidecar of \(workload)", "identity of \(workload)"]
    case .authoriseInShadow: ["authorisation rules of \(workload), counted only"]
    case .authorise: ["authorisation rules of \(workload), enforced"]
    case .requireMutualTLS: ["strict mutual TLS on \(workload)"]
    case .isolate: ["default-deny network policy of \(workload)", "egress scope of \(workload)'s sidecar"]
    }
  }

  package var undo: String {
    switch action {
    case .harden: "run pods with the manifest's own security context again"
    case .enrol: "run pods without the sidecar again"
    case .authoriseInShadow: "remove the shadow rules"
    case .authorise: "count refusals instead of enforcing them"
    case .requireMutualTLS: "accept plaintext again"
    case .isolate: "remove the default-deny policy and the egress scope"
    }
  }
}
