package import FleetModel
package import IntentModel
package import Planning
package import Trials

/// What one wave did and what came of it.
package struct WaveRecord: Sendable, Equatable, Codable {
  package enum Result: String, Sendable, Codable { case running, promoted, rolledBack, failed }
  package var index: Int
  package var name: String
  package var result: Result = .running
  /// Why it was rolled back; nil while all is well.
  package var reason: String?
  /// What its undo could not put back, in words; nil where there is nothing.
  package var notPutBack: [String]?
  package var workloads: [ObjectReference]
  package var steps: [StepRecord]
  package var canary: [ShareRecord] = []
  package var trials: [TrialRecord] = []
  package var probes: [ProbeRecord] = []
  package var waysOutBefore = 0
  package var waysOutAfter = 0
  /// Seconds since the run began, and how long the wave took.
  package var startSeconds: Double = 0
  package var seconds: Double = 0

  package init(_ wave: Wave) {
    index = wave.index
    name = wave.name
    workloads = wave.workloads
    steps = wave.steps.map(StepRecord.init)
  }
}

package struct StepRecord: Sendable, Equatable, Codable {
  package var id: String
  package var workload: ObjectReference
  package var action: StepAction
  package var undo: String

  package init(_ step: Step) {
    id = step.id
    workload = step.workload
    action = step.action
    undo = step.undo
  }
}

/// A canary at one share of the users.
package struct ShareRecord: Sendable, Equatable, Codable {
  package var percent: Int
  package var seconds: Double
  package var verdict: String
  package var reason: String
  package var workloads: [JudgedWorkload]
  /// Of `seconds`, those in which others used the machine, so that nobody was failed by them; nil for none.
  package var disturbedSeconds: Double?

  package init(percent: Int, seconds: Double, verdict: String, reason: String, workloads: [JudgedWorkload]) {
    self.percent = percent
    self.seconds = seconds
    self.verdict = verdict
    self.reason = reason
    self.workloads = workloads
  }
}

/// The evidence for one workload's canary.
package struct JudgedWorkload: Sendable, Equatable, Codable {
  package var workload: ObjectReference
  package var baseline: Tally
  package var canary: Tally
  package var verdict: String
  /// Natural logarithms of the evidence against "no worse than the margin" and against "worse than the margin".
  package var logERegression: Double
  package var logENoWorse: Double
  /// Anytime bounds on the ratio of the error rates (an upper bound of −1 means that nothing bounds it yet), and on
  /// the canary's own rate.
  package var ratio: [Double]
  package var upperRate: Double
  package var reason: String
  /// What each threshold of the latency showed; nil or empty where it was not judged.
  package var latency: [JudgedLatency]?
  /// Assumptions of the tests that the data contradict.
  package var voidBecause: [String]?

  package init(
    workload: ObjectReference, baseline: Tally, canary: Tally, verdict: String, logERegression: Double,
    logENoWorse: Double, ratio: [Double], upperRate: Double, reason: String
  ) {
    self.workload = workload
    self.baseline = baseline
    self.canary = canary
    self.verdict = verdict
    self.logERegression = logERegression
    self.logENoWorse = logENoWorse
    self.ratio = ratio
    self.upperRate = upperRate
    self.reason = reason
  }
}

/// How the canary's calls stand to one quantile of the stable pods' calls, and to what the mesh may cost beside it.
package struct JudgedLatency: Sendable, Equatable, Codable {
  /// 50, 90, 99 or 99.9.
  package var percentile: Double
  /// The stable pods' quantile before the canary was judged, in milliseconds.
  package var stableMilliseconds: Double
  /// How much slower the canary may be, in milliseconds.
  package var budgetMilliseconds: Double
  /// Share of the stable pods' calls slower than the quantile, and of the canary's slower than quantile and budget.
  package var stableSlower: Double
  package var canarySlower: Double
  /// Natural logarithm of the evidence that the canary is slower than that.
  package var logE: Double
}

package struct TrialRecord: Sendable, Equatable, Codable {
  package var hypothesis: String
  package var faults: [String]
  package var injectionVerified = false
  package var injectionEvidence = ""
  package var result: ControlResult.Outcome = .inconclusive
  package var reason = ""
  package var steadyShare: Double
  package var during = Tally()
  /// Where failures began while the fault lasted, most of them first.
  package var failures: [FailedCall] = []
  /// Where users waited while the fault lasted, the slowest first; nil for nowhere.
  package var slow: [SlowCall]?
  /// Of those at which calls failed or waited, who was at their own processor limit; nil for nobody.
  package var held: [HeldWorkload]?
  package var recoverySeconds: Double?
  package var controls: [ControlResult] = []
  /// What the trial's failure showed; nil when it passed or was inconclusive.
  package var weakness: Weakness?
  package var seconds: Double = 0
  /// What came of earlier tries that others' use of the machine made worthless; nil where there was none.
  package var setAside: [String]?

  package init(_ trial: Trial) {
    hypothesis = trial.hypothesis
    faults = [trial.fault.title]
    steadyShare = trial.steadyShare
  }
}

/// Failures of one call of the fleet that began at its target and not behind it.
package struct FailedCall: Sendable, Equatable, Codable {
  package var caller: ObjectReference
  package var target: ObjectReference
  package var errors: Int

  package var text: String { "\(caller.name) → \(target.name) (\(errors))" }

  /// What was counted between two snapshots, most failures first.
  package static func between(_ earlier: TrafficSnapshot, _ later: TrafficSnapshot) -> [FailedCall] {
    var calls: [FailedCall] = []
    for edge in later.edges.keys.sorted() {
      let errors = (later.edges[edge] ?? Tally()).errors - (earlier.edges[edge] ?? Tally()).errors
      guard errors > 0 else { continue }
      if let known = calls.firstIndex(where: { $0.caller == edge.caller && $0.target == edge.target }) {
        calls[known].errors += errors
      } else {
        calls.append(FailedCall(caller: edge.caller, target: edge.target, errors: errors))
      }
    }
    return calls.sorted { ($1.errors, $0.caller, $0.target) < ($0.errors, $1.caller, $1.target) }
  }
}

/// One try to get out of one container.
package struct ProbeRecord: Sendable, Equatable, Codable {
  package enum Phase: String, Sendable, Codable { case weakened, before, after }
  package enum Result: String, Sendable, Codable { case contained, escaped, inconclusive }
  package var vector: String
  /// The workload, or `probe/weakened[Pod]` for the purpose-made container.
  package var workload: ObjectReference
  package var phase: Phase
  package var result: Result
  package var step: String
  package var errno: String?

  package init(
    vector: String, workload: ObjectReference, phase: Phase, result: Result, step: String, errno: String? = nil
  ) {
    self.vector = vector
    self.workload = workload
    self.phase = phase
    self.result = result
    self.step = step
    self.errno = errno
  }
}
