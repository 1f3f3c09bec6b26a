import FleetModel
import IntentModel
import Judgement
import Trials

/// The judges of one wave's canaries, over those looks at the counts that are shown to them. Pure.
struct CanaryJudges: Sendable {
  let limits: CanaryLimits
  let workloads: [ObjectReference]
  private(set) var judges: [GateJudge]
  private(set) var detectors: [ChangeDetector] = []
  private var share = 0
  private var seenAtShare: [Int] = []
  /// In seconds of judging since the share began.
  private(set) var lastNews = 0.0
  /// Seconds of judging before this share, and in all. Time between shares is not judged and does not count.
  private var before = 0.0
  private(set) var now = 0.0

  /// - Parameters:
  ///   - last: from before the canaries came; what the stable pods did from there to `counts` sets the thresholds.
  init(workloads: [ObjectReference], limits: CanaryLimits, from last: TrafficSnapshot, to counts: TrafficSnapshot) {
    self.limits = limits
    self.workloads = workloads
    let settings = JudgeSettings(
      alpha: limits.alpha(ofEach: workloads.count), beta: limits.beta, margin: limits.margin,
      tolerance: limits.tolerance)
    judges = workloads.map { workload in
      let budget = MeshBudget(
        milliseconds: limits.meshBudgetMilliseconds, share: limits.meshBudgetShare,
        hops: counts.passed(by: workload, of: workloads), includesSpread: true,
        mostSpread: limits.meshBudgetMostSpread)
      let latency = LatencySettings(
        budget: budget, margin: limits.margin, warmUpRequests: limits.latencyWarmUp, minimumLooks: limits.latencyLooks)
      var judge = GateJudge(
        settings: settings, latency: counts.latency(of: workload, cohort: .stable) == nil ? nil : latency,
        data: DataGuard(patience: limits.staleSeconds), deadline: .infinity, atDeadline: .rollBack)
      if let stable = counts.window(since: last, of: workload, .stable) { judge.warmUp(stable) }
      return judge
    }
  }

  /// - Parameter shown: by which counts, in the order of the workloads, canaries were promoted; nil for the comparison
  ///   with the stable pods.
  mutating func begin(share percent: Int, heldTo shown: [ArmCount]?) {
    share = percent
    before = now
    lastNews = 0
    seenAtShare = workloads.map { _ in 0 }
    guard percent == 100 else { return }
    let looks = Int(limits.watchSeconds / (limits.pace / .seconds(1))) + 1
    detectors = judges.indices.map { index in
      // A workload of one pod has nobody beside its canary: what was let pass is what it is held to.
      let errors = judges[index].judge.errors
      let usual = errors.baseline.requests > 0 ? errors.baseline : errors.canary
      return ChangeDetector(
        baseline: shown?[index] ?? usual, margin: limits.margin,
        tolerance: limits.tolerance, alpha: limits.alpha(ofEach: workloads.count), plannedLooks: max(looks * 4, 40))
    }
  }

  mutating func observe(_ alarms: ArraySlice<SecurityAlarm>, at seconds: Double) {
    for alarm in alarms {
      for index in judges.indices {
        judges[index].observe(CriticalSignal(name: alarm.source, at: before + seconds, detail: alarm.text))
      }
    }
  }

  /// - Parameter seconds: of judging since the share began.
  mutating func observe(_ counts: TrafficSnapshot, since last: TrafficSnapshot, until seconds: Double) {
    let previous = now
    now = before + seconds
    for (index, workload) in workloads.enumerated() {
      let canary = counts.tally(around: workload, cohort: .canary) - last.tally(around: workload, cohort: .canary)
      let stable = counts.tally(around: workload, cohort: .stable) - last.tally(around: workload, cohort: .stable)
      seenAtShare[index] += canary.n
      if canary.n > 0 { lastNews = seconds }
      if share == 100 {
        detectors[index].observe(ArmCount(requests: canary.n, errors: canary.errors))
      } else {
        judges[index].observe(
          Reading(from: previous, to: now, baseline: stable.reading, canary: canary.reading),
          latency: counts.windows(since: last, of: workload))
      }
    }
  }

  /// Gives a share without a verdict more time.
  mutating func wait(from seconds: Double) { lastNews = seconds }

  /// The workload whose canary is worse, and shows it most.
  var regressed: Int? {
    if share == 100 { return detectors.firstIndex { $0.verdict == .fail } }
    let evidence = judges.map(\.judge.logE)
    guard WaveEvidence.regressed(evidence, alpha: limits.alpha) else { return nil }
    return evidence.indices.max { evidence[$0] < evidence[$1] }
  }

  /// - Parameter seconds: of judging since the share began.
  func hasArrived(at seconds: Double) -> Bool {
    guard regressed == nil else { return false }
    if share == 100 { return seconds >= limits.watchSeconds && detectors.allSatisfy { $0.verdict == .pass } }
    if share == limits.shares.last { return judges.allSatisfy { $0.evidence(at: now).verdict == .pass } }
    let wanted = limits.minimumRequests[share] ?? 60
    return seenAtShare.allSatisfy { $0 >= wanted }
  }

  /// Whether every canary's own errors are shown to be few enough, whatever happens beside it, and were so since its
  /// promotion.
  var isWithinTolerance: Bool {
    judges.allSatisfy { $0.evidence(at: now).canary.errorRateBound <= limits.tolerance }
      && detectors.allSatisfy { Double($0.count.errors) <= limits.tolerance * Double($0.count.requests) }
  }

  /// What the canaries did before their promotion.
  var shownByCanaries: [ArmCount] { judges.map(\.judge.errors.canary) }

  /// The first workload that is not shown to be sound, and what is missing.
  var open: (workload: ObjectReference, missing: [String])? {
    for index in workloads.indices {
      if share == 100 {
        if detectors[index].verdict != .pass { return (workloads[index], detectors[index].missing) }
      } else {
        let evidence = judges[index].evidence(at: now)
        if evidence.verdict != .pass { return (workloads[index], evidence.missing) }
      }
    }
    return nil
  }
}

extension CanaryLimits {
  /// Split, so that no single judge settles on a regression that the wave as a whole does not show.
  fileprivate func alpha(ofEach count: Int) -> Double { alpha / Double(max(1, count)) }
}

extension Tally {
  fileprivate var reading: ArmReading { ArmReading(requests: Double(n), errors: Double(errors)) }
}

extension TrafficSnapshot {
  /// Latencies of the calls to a workload since an earlier snapshot; nil where there are none to compare.
  fileprivate func window(
    since earlier: TrafficSnapshot, of workload: ObjectReference, _ cohort: Cohort
  ) -> LatencyCounts? {
    guard let now = latency(of: workload, cohort: cohort) else { return nil }
    let then = earlier.latency(of: workload, cohort: cohort)
    guard let grown = then.map({ now.combined(with: $0, -) }) ?? now else { return nil }
    return LatencyCounts(bounds: grown.bounds, counts: grown.counts)
  }

  /// Both cohorts'; a cohort without a call yet has empty buckets.
  fileprivate func windows(
    since earlier: TrafficSnapshot, of workload: ObjectReference
  ) -> MetricsLook.Pair<LatencyCounts>? {
    let stable = window(since: earlier, of: workload, .stable)
    let canary = window(since: earlier, of: workload, .canary)
    guard let known = stable ?? canary,
      let none = LatencyCounts(bounds: known.bounds, counts: known.counts.map { _ in 0 })
    else { return nil }
    return .init(stable ?? none, canary ?? none)
  }
}
