import FleetModel
import IntentModel
import Judgement
import Trials

/// Judges the canaries of one wave while their share of the users grows. Pure: counts go in, a verdict comes out.
///
/// Below the last share a canary moves on when nothing is worse after a stated number of requests; from the last share
/// it moves on when every workload is shown to be no worse; at 100 % a change detector watches against the frozen
/// baseline. What touches a workload counts: calls to it and calls it makes, with the failures that began at the
/// callee.
struct CanaryGate: Sendable {
  private let limits: CanaryLimits
  private let workloads: [ObjectReference]
  private var judges: [CanaryJudge]
  private var detectors: [ChangeDetector] = []
  private var last = TrafficSnapshot()
  /// Counts when the share began, to name the calls on which canaries failed.
  private var atBegin = TrafficSnapshot()
  private var share = 0
  private var seenAtShare: [Int]
  private var lastNews = 0.0

  init(workloads: [ObjectReference], limits: CanaryLimits) {
    self.limits = limits
    self.workloads = workloads
    // Split, so that no single judge settles on a regression that the wave as a whole does not show.
    let settings = JudgeSettings(
      alpha: limits.alpha / Double(max(1, workloads.count)), beta: limits.beta, margin: limits.margin,
      tolerance: limits.tolerance)
    judges = workloads.map { _ in CanaryJudge(settings: settings) }
    seenAtShare = workloads.map { _ in 0 }
  }

  /// Begins a share; counts before this moment belong to the share before.
  mutating func begin(share percent: Int, counts: TrafficSnapshot) {
    share = percent
    last = counts
    atBegin = counts
    lastNews = 0
    seenAtShare = workloads.map { _ in 0 }
    guard percent == 100 else { return }
    let looks = Int(limits.watchSeconds / (limits.pace / .seconds(1))) + 1
    detectors = judges.map {
      ChangeDetector(
        baseline: $0.baseline, margin: limits.margin, tolerance: limits.tolerance,
        alpha: limits.alpha / Double(max(1, workloads.count)), plannedLooks: max(looks * 4, 40))
    }
  }

  /// - Parameter seconds: since the share began.
  /// - Returns: the verdict on this share, or nil while it is open.
  mutating func look(_ counts: TrafficSnapshot, seconds: Double) -> GateVerdict? {
    var news = 0
    for (index, workload) in workloads.enumerated() {
      let canary = counts.tally(around: workload, cohort: .canary) - last.tally(around: workload, cohort: .canary)
      let stable = counts.tally(around: workload, cohort: .stable) - last.tally(around: workload, cohort: .stable)
      seenAtShare[index] += canary.n
      news += canary.n
      if share == 100 {
        detectors[index].observe(canary.arm)
      } else {
        judges[index].observe(Look(baseline: stable.arm, canary: canary.arm))
      }
    }
    last = counts
    if news > 0 { lastNews = seconds }
    return regression ?? arrival(seconds) ?? shortage(seconds)
  }

  private var regression: GateVerdict? {
    if share == 100 {
      guard let index = detectors.firstIndex(where: { $0.verdict == .fail }) else { return nil }
      let count = detectors[index].count
      return .fail(
        "\(workloads[index].name): errors rose after promotion (\(count.errors) of \(count.requests) requests"
          + "\(worstCall(of: workloads[index])))")
    }
    let evidence = judges.map(\.logEWorse)
    guard WaveEvidence.regressed(evidence, alpha: limits.alpha) else { return nil }
    let worst = evidence.indices.max { evidence[$0] < evidence[$1] } ?? 0
    let (canary, baseline) = (judges[worst].canary, judges[worst].baseline)
    return .fail(
      "\(workloads[worst].name): \(canary.errors) of \(canary.requests) canary requests failed, "
        + "\(baseline.errors) of \(baseline.requests) beside it\(worstCall(of: workloads[worst]))")
  }

  /// The call on which a workload's canary failed most since the share began.
  private func worstCall(of workload: ObjectReference) -> String {
    let failures = last.edges.filter { edge, _ in
      edge.cohort == .canary && (edge.caller == workload || edge.target == workload)
    }.map { edge, tally in (edge: edge, errors: tally.errors - (atBegin.edges[edge]?.errors ?? 0)) }
    guard let worst = failures.max(by: { ($0.errors, $1.edge) < ($1.errors, $0.edge) }), worst.errors > 0 else {
      return ""
    }
    return ", \(worst.errors) of them on \(worst.edge.caller.name) → \(worst.edge.target.name)"
  }

  private func arrival(_ seconds: Double) -> GateVerdict? {
    if share == 100 {
      guard seconds >= limits.watchSeconds else { return nil }
      return detectors.allSatisfy { $0.verdict == .pass } ? .pass : nil
    }
    if share == limits.shares.last {
      return judges.allSatisfy { $0.conclusion == .pass } ? .pass : nil
    }
    let wanted = limits.minimumRequests[share] ?? 60
    return seenAtShare.allSatisfy { $0 >= wanted } ? .pass : nil
  }

  /// No data, or not enough in time, is inconclusive: never a pass.
  private func shortage(_ seconds: Double) -> GateVerdict? {
    if seconds - lastNews >= limits.staleSeconds {
      return .inconclusive("no request reached a canary for \(limits.staleSeconds) s")
    }
    guard seconds >= limits.deadlineSeconds else { return nil }
    let open = workloads.indices.filter { judges[$0].conclusion != .pass }
    guard let first = open.first else { return .inconclusive("the change detector saw too little") }
    let missing = share == 100 ? detectors[first].missing : judges[first].evidence.missing
    return .inconclusive(
      "\(workloads[first].name): no verdict after \(limits.deadlineSeconds) s; \(missing.joined(separator: "; "))")
  }

  /// The evidence as it stands, by workload.
  var evidence: [JudgedWorkload] {
    workloads.indices.map { index in
      let evidence = judges[index].evidence
      let detector = detectors.indices.contains(index) ? detectors[index] : nil
      let canary = detector?.count ?? evidence.canary
      return JudgedWorkload(
        workload: workloads[index], baseline: Tally(n: evidence.baseline.requests, errors: evidence.baseline.errors),
        canary: Tally(n: canary.requests, errors: canary.errors),
        verdict: detector.map(\.verdict.rawValue) ?? evidence.verdict.rawValue,
        logERegression: detector?.logE ?? evidence.logEWorse,
        logENoWorse: max(evidence.logENoWorse, evidence.logEWithinTolerance ?? -.greatestFiniteMagnitude),
        ratio: [evidence.ratioLow, evidence.ratioHigh ?? -1], upperRate: evidence.errorRateBound,
        reason: (detector?.missing ?? evidence.missing).joined(separator: "; "))
    }
  }
}

extension Tally {
  fileprivate var arm: ArmCount { ArmCount(requests: n, errors: errors) }
}
