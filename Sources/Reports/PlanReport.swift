import FleetModel
import IntentModel
import Judgement
package import Planning
package import Rollout
package import Trials

/// A plan as `plan -o json` gives it (design, section 4; `bulkhead.plan/1`).
package struct PlanReport: Encodable, Sendable {
  struct WaveEntry: Encodable {
    var name: String
    var workloads: [String]
    var steps: [StepEntry]
    var canary: CanaryEntry
    var trials: [TrialEntry]
    var gates: [String]
    var start: String?
    var end: String?
  }
  struct ExposureEntry: Encodable {
    var before: Double
    var after: Double
    var integral: Double
    var lowerBound: Double
    var gap: Double
    var curve: [Double]?
  }
  struct StepEntry: Encodable {
    var id: String
    var workload: String
    var action: String
    var objects: [String]
    var undo: String
  }
  struct CanaryEntry: Encodable {
    var shares: [Int]
    var tolerance: Double
    var margin: Double
    /// Seconds without a verdict after which `atDeadline` decides: hold, rollBack or ask.
    var deadlineSeconds: Int
    var atDeadline: String
  }
  struct TrialEntry: Encodable {
    var hypothesis: String
    var fault: String
    var controls: [String]
  }
  struct RefusalEntry: Encodable {
    var workload: String
    var action: String
    var reason: String
  }

  var mesh: String
  var fleetDigest: String
  var cluster: String?
  var exposure: ExposureEntry?
  var notes: [String]
  var waves: [WaveEntry]
  var refusals: [RefusalEntry]

  package init(_ plan: Plan, trials: [[Trial]], limits: CanaryLimits) {
    mesh = plan.mesh
    fleetDigest = plan.fleetDigest
    cluster = plan.cluster
    notes = plan.notes
    exposure = plan.exposure.map {
      ExposureEntry(
        before: $0.before, after: $0.after, integral: $0.integral, lowerBound: $0.lowerBound, gap: $0.gap,
        curve: $0.curve.isEmpty ? nil : $0.curve)
    }
    let canary = CanaryEntry(
      shares: limits.shares + [100], tolerance: limits.tolerance, margin: limits.margin,
      deadlineSeconds: limits.deadline.seconds, atDeadline: limits.deadline.decision.rawValue)
    waves = plan.waves.map { wave in
      WaveEntry(
        name: wave.name, workloads: wave.workloads.map(\.description),
        steps: wave.steps.map {
          StepEntry(
            id: $0.id, workload: $0.workload.description, action: $0.action.rawValue, objects: $0.objects, undo: $0.undo
          )
        },
        canary: canary,
        trials: trials[wave.index].map {
          TrialEntry(
            hypothesis: $0.hypothesis, fault: $0.fault.title, controls: Control.all.map(\.kind.rawValue).sorted())
        },
        gates: ["canary no worse", "every trial passes", "every applicable control holds", "no new way out"],
        start: wave.window?.start.description, end: wave.window?.end.description)
    }
    refusals = plan.refusals.map {
      RefusalEntry(workload: $0.workload.description, action: $0.action.rawValue, reason: $0.reason)
    }
  }

  package func json() throws -> String { try JSONText.of(self, schema: "bulkhead.plan/1") }
}
