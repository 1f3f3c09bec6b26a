import FleetModel
import Judgement
import Trials

extension CanaryGate {
  /// The evidence as it stands, by workload; none before the first share.
  var evidence: [JudgedWorkload] { judges?.evidence ?? [] }
}

extension CanaryJudges {
  fileprivate var evidence: [JudgedWorkload] {
    workloads.indices.map { index in
      let gate = judges[index].evidence(at: now)
      let evidence = gate.canary
      let detector = detectors.indices.contains(index) ? detectors[index] : nil
      let canary = detector?.count ?? evidence.canary
      var judged = JudgedWorkload(
        workload: workloads[index], baseline: Tally(n: evidence.baseline.requests, errors: evidence.baseline.errors),
        canary: Tally(n: canary.requests, errors: canary.errors),
        verdict: detector.map(\.verdict.rawValue) ?? judges[index].judge.verdict.rawValue,
        logERegression: detector?.logE ?? gate.logE,
        logENoWorse: max(evidence.logENoWorse, evidence.logEWithinTolerance ?? -.greatestFiniteMagnitude),
        ratio: [evidence.ratioLow, evidence.ratioHigh ?? -1], upperRate: evidence.errorRateBound,
        reason: (detector?.missing ?? gate.missing).joined(separator: "; "))
      judged.latency = gate.latency.compactMap(JudgedLatency.init)
      judged.voidBecause = gate.voidBecause
      return judged
    }
  }
}

extension JudgedLatency {
  fileprivate init?(_ level: LatencyEvidence) {
    guard let quantile = level.level, let stable = level.baselineMilliseconds, let budget = level.budgetMilliseconds
    else { return nil }
    self.init(
      percentile: (quantile * 1000).rounded() / 10, stableMilliseconds: stable, budgetMilliseconds: budget,
      stableSlower: level.baselineSlower, canarySlower: level.canarySlower, logE: level.logE)
  }
}
