import FleetModel
import Planning
import Rollout
import Trials

/// The shape of `run.json`.
struct RunDocument: Encodable {
  var result: String
  var planted: [String]?
  /// What the target cannot do or show, and was therefore left out.
  var leftOut: [String]?
  var fleetDigest: String
  var mesh: String
  var waves: [WaveEntry]
  var weaknesses: [WeaknessEntry]
  var waysOutBefore: Int
  var waysOutAfter: Int
  var timings: Timings

  struct WaveEntry: Encodable {
    var name: String
    var result: String
    var reason: String?
    /// What is left of it on the target, where its undo was not complete.
    var notPutBack: [String]?
    var workloads: [String]
    var steps: [String]
    var canary: [ShareEntry]
    var trials: [TrialEntry]
    var probes: [ProbeEntry]
    var waysOutBefore: Int
    var waysOutAfter: Int
    var seconds: Double
  }
  struct ShareEntry: Encodable {
    var percent: Int
    var verdict: String
    var reason: String
    var seconds: Double
    /// Of them, those in which the host gave this machine's processors to others, so that nobody was failed by them.
    var disturbedSeconds: Double?
    var workloads: [JudgedEntry]
  }
  struct JudgedEntry: Encodable {
    var workload: String
    var verdict: String
    var baseline: Tally
    var canary: Tally
    var logERegression: Double
    var logENoWorse: Double
    var ratio: [Double]
    var upperRate: Double
    var latency: [LatencyEntry]
    var voidBecause: [String]?
  }
  /// The canary's latency against a quantile of the stable pods' and the mesh's budget, both in milliseconds.
  struct LatencyEntry: Encodable {
    var percentile: Double
    var stable: Double
    var budget: Double
    var stableSlower: Double
    var canarySlower: Double
    var logE: Double
  }
  struct TrialEntry: Encodable {
    var hypothesis: String
    var faults: [String]
    var injectionVerified: Bool
    var injectionEvidence: String
    var result: String
    var reason: String
    var during: Tally
    var recoverySeconds: Double?
    var controls: [ControlEntry]
    /// What came of earlier tries that others' use of the machine made worthless.
    var setAside: [String]?
  }
  struct ControlEntry: Encodable {
    var name: String
    var applies: Bool
    var result: String
    var positiveControl: String
    var detail: String
  }
  struct ProbeEntry: Encodable {
    var vector: String
    var workload: String
    var phase: String
    var result: String
    var step: String
    var errno: String?
  }
  struct WeaknessEntry: Encodable {
    var code: String
    var workload: String
    var evidence: String
    var remediation: String
  }
  struct Timings: Encodable {
    var totalSeconds: Double
    var epochs: Int
  }

  init(_ report: RunReport) {
    let history = report.history
    result = report.result.rawValue
    planted = (history.header?.planted).flatMap { $0.isEmpty ? nil : $0 }
    leftOut = (history.header?.leftOut).flatMap { $0.isEmpty ? nil : $0 }
    fleetDigest = report.plan.fleetDigest
    mesh = report.plan.mesh
    waves = history.waves.map(WaveEntry.init)
    weaknesses = report.weaknesses.map {
      WeaknessEntry(
        code: $0.code, workload: $0.workload.description, evidence: $0.evidence, remediation: $0.remediation)
    }
    waysOutBefore = report.waysOut.before
    waysOutAfter = report.waysOut.after
    timings = Timings(totalSeconds: history.seconds.milliseconds, epochs: history.epochs)
  }
}

extension RunDocument.WaveEntry {
  init(_ wave: WaveRecord) {
    name = wave.name
    result = wave.result.rawValue
    reason = wave.reason
    notPutBack = wave.notPutBack
    workloads = wave.workloads.map(\.description)
    steps = wave.steps.map(\.id)
    canary = wave.canary.map { share in
      RunDocument.ShareEntry(
        percent: share.percent, verdict: share.verdict, reason: share.reason, seconds: share.seconds.milliseconds,
        disturbedSeconds: share.disturbedSeconds?.milliseconds,
        workloads: share.workloads.map(RunDocument.JudgedEntry.init))
    }
    trials = wave.trials.map(RunDocument.TrialEntry.init)
    probes = wave.probes.map {
      RunDocument.ProbeEntry(
        vector: $0.vector, workload: $0.workload.description, phase: $0.phase.rawValue, result: $0.result.rawValue,
        step: $0.step, errno: $0.errno)
    }
    waysOutBefore = wave.waysOutBefore
    waysOutAfter = wave.waysOutAfter
    seconds = wave.seconds.milliseconds
  }
}

extension RunDocument.JudgedEntry {
  init(_ judged: JudgedWorkload) {
    workload = judged.workload.description
    verdict = judged.verdict
    baseline = judged.baseline
    canary = judged.canary
    logERegression = judged.logERegression.milliseconds
    logENoWorse = judged.logENoWorse.milliseconds
    ratio = judged.ratio.map(\.milliseconds)
    upperRate = judged.upperRate
    latency = (judged.latency ?? []).map {
      RunDocument.LatencyEntry(
        percentile: $0.percentile, stable: $0.stableMilliseconds.milliseconds,
        budget: $0.budgetMilliseconds.milliseconds, stableSlower: $0.stableSlower, canarySlower: $0.canarySlower,
        logE: $0.logE.milliseconds)
    }
    voidBecause = (judged.voidBecause ?? []).isEmpty ? nil : judged.voidBecause
  }
}

extension RunDocument.TrialEntry {
  init(_ trial: TrialRecord) {
    hypothesis = trial.hypothesis
    faults = trial.faults
    injectionVerified = trial.injectionVerified
    injectionEvidence = trial.injectionEvidence
    result = trial.result.rawValue
    reason = trial.reason
    during = trial.during
    recoverySeconds = trial.recoverySeconds?.milliseconds
    controls = trial.controls.map {
      RunDocument.ControlEntry(
        name: $0.name, applies: $0.applies, result: $0.result.rawValue, positiveControl: $0.positiveControl.rawValue,
        detail: $0.detail)
    }
    setAside = trial.setAside
  }
}

extension Double {
  /// Rounded to three places, so that files stay readable.
  var milliseconds: Double { isFinite ? (self * 1000).rounded() / 1000 : self }
}
