import FleetModel
import IntentModel
import Judgement
import Planning
import Trials

/// Judges the canaries of one wave while their share of the users grows. Pure: counts go in, a verdict comes out.
///
/// Below the last share a canary moves on when nothing is worse after a stated number of requests; from the last share
/// it moves on when every workload is shown to be no worse; at 100 % a change detector watches against the frozen
/// baseline. What touches a workload counts: calls to it and calls it makes, with the failures that began at the
/// callee. Latency is that of the calls to it, as their callers saw it; a sidecar costs time, so there is a budget.
/// A security alarm ends the wave at once.
struct CanaryGate: Sendable {
  let limits: CanaryLimits
  let workloads: [ObjectReference]
  var judges: [GateJudge] = []
  private(set) var detectors: [ChangeDetector] = []
  private var last: TrafficSnapshot
  /// Counts when the share began, to name the calls on which canaries failed.
  private var atBegin = TrafficSnapshot()
  private var share = 0
  private var seenAtShare: [Int]
  private var deadline = 0.0
  private var lastNews = 0.0
  /// Seconds of judging before this share, and in all. Time between shares is not judged and does not count.
  private var before = 0.0
  private(set) var now = 0.0

  /// - Parameter counts: from before the canaries came; what the stable pods do from here on sets the thresholds.
  init(workloads: [ObjectReference], limits: CanaryLimits, before counts: TrafficSnapshot) {
    self.limits = limits
    self.workloads = workloads
    last = counts
    seenAtShare = workloads.map { _ in 0 }
  }

  /// Split, so that no single judge settles on a regression that the wave as a whole does not show.
  private var alphaOfEach: Double { limits.alpha / Double(max(1, workloads.count)) }

  private mutating func startJudges(_ counts: TrafficSnapshot) {
    let settings = JudgeSettings(
      alpha: alphaOfEach, beta: limits.beta, margin: limits.margin, tolerance: limits.tolerance)
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

  /// Begins a share; counts before this moment belong to the share before.
  mutating func begin(share percent: Int, counts: TrafficSnapshot) {
    if judges.isEmpty { startJudges(counts) }
    share = percent
    last = counts
    atBegin = counts
    lastNews = 0
    before = now
    deadline = Double(limits.deadline.seconds)
    seenAtShare = workloads.map { _ in 0 }
    guard percent == 100 else { return }
    let looks = Int(limits.watchSeconds / (limits.pace / .seconds(1))) + 1
    detectors = judges.map {
      // A workload of one pod has nobody beside its canary: what was let pass is what it is held to.
      let errors = $0.judge.errors
      return ChangeDetector(
        baseline: errors.baseline.requests > 0 ? errors.baseline : errors.canary, margin: limits.margin,
        tolerance: limits.tolerance, alpha: alphaOfEach,
        plannedLooks: max(looks * 4, 40))
    }
  }

  /// - Parameter seconds: since the share began.
  /// - Returns: the verdict on this share, or nil while it is open.
  mutating func look(_ counts: TrafficSnapshot, seconds: Double) -> GateVerdict? {
    var news = 0
    let previous = now
    now = before + seconds
    for (index, workload) in workloads.enumerated() {
      let canary = counts.tally(around: workload, cohort: .canary) - last.tally(around: workload, cohort: .canary)
      let stable = counts.tally(around: workload, cohort: .stable) - last.tally(around: workload, cohort: .stable)
      seenAtShare[index] += canary.n
      news += canary.n
      for alarm in counts.alarms.dropFirst(last.alarms.count) {
        judges[index].observe(CriticalSignal(name: alarm.source, at: now, detail: alarm.text))
      }
      if share == 100 {
        detectors[index].observe(ArmCount(requests: canary.n, errors: canary.errors))
      } else {
        judges[index].observe(
          Reading(from: previous, to: now, baseline: stable.reading, canary: canary.reading),
          latency: counts.windows(since: last, of: workload))
      }
    }
    last = counts
    if news > 0 { lastNews = seconds }
    return alarm ?? regression ?? arrival(seconds) ?? shortage(seconds)
  }

  /// Gives a share without a verdict more time.
  /// - Parameters: seconds since the share began: the new deadline, and now.
  mutating func wait(until deadline: Double, from seconds: Double) {
    self.deadline = deadline
    lastNews = seconds
  }

  private var alarm: GateVerdict? {
    judges.lazy.flatMap(\.critical).first.map { .fail("security alarm from \($0.name): \($0.detail)") }
  }

  private var regression: GateVerdict? {
    if share == 100 {
      guard let index = detectors.firstIndex(where: { $0.verdict == .fail }) else { return nil }
      let count = detectors[index].count
      return .fail(
        "\(workloads[index].name): errors rose after promotion (\(count.errors) of \(count.requests) requests"
          + "\(worstCall(of: workloads[index])))")
    }
    let evidence = judges.map(\.judge.logE)
    guard WaveEvidence.regressed(evidence, alpha: limits.alpha) else { return nil }
    let worst = evidence.indices.max { evidence[$0] < evidence[$1] } ?? 0
    if judges[worst].judge.ground == "latency" { return slower(worst) }
    let errors = judges[worst].judge.errors
    return .fail(
      "\(workloads[worst].name): \(errors.canary.errors) of \(errors.canary.requests) canary requests failed, "
        + "\(errors.baseline.errors) of \(errors.baseline.requests) beside it\(worstCall(of: workloads[worst]))")
  }

  /// A call to a slow workload makes its callers slow, too: the workload deepest in the wave is named.
  private func slower(_ worst: Int) -> GateVerdict {
    let evidence = judges.map { $0.judge.latency?.logE ?? 0 }
    let slow = judges.indices.filter { evidence[$0] >= max(1, evidence[worst] / 3) }
    let deepest = slow.min { (depth($0), $0) < (depth($1), $1) } ?? worst
    let levels = judges[deepest].judge.latency?.evidence ?? []
    guard let level = levels.max(by: { $0.logE < $1.logE }), let stable = level.baselineMilliseconds,
      let budget = level.budgetMilliseconds
    else { return .fail("\(workloads[deepest].name): canary requests are slower than beside it") }
    return .fail(
      "\(workloads[deepest].name): \(Self.percent(level.canarySlower)) of the calls to its canary took longer than "
        + "the stable pods' p\(Self.tenths((level.level ?? 0) * 100)) of \(Self.tenths(stable)) ms and the mesh's "
        + "budget of \(Self.tenths(budget)) ms together; \(Self.percent(level.baselineSlower)) of the calls beside it "
        + "took longer than the former")
  }

  /// How many of the wave's workloads lie behind one.
  private func depth(_ index: Int) -> Int { last.passed(by: workloads[index], of: workloads) }

  static func tenths(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
  }

  private static func percent(_ share: Double) -> String { "\(tenths(share * 100)) %" }

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
      return judges.allSatisfy { $0.evidence(at: now).verdict == .pass } ? .pass : nil
    }
    let wanted = limits.minimumRequests[share] ?? 60
    return seenAtShare.allSatisfy { $0 >= wanted } ? .pass : nil
  }

  /// No data, or not enough in time, is inconclusive: never a pass.
  private func shortage(_ seconds: Double) -> GateVerdict? {
    if seconds - lastNews >= limits.staleSeconds {
      return .inconclusive("no request reached a canary for \(limits.staleSeconds) s")
    }
    guard seconds >= deadline else { return nil }
    let open = workloads.indices.first {
      (share == 100 ? detectors[$0].verdict : judges[$0].evidence(at: now).verdict) != .pass
    }
    guard let open else { return .inconclusive("the canary was watched for too short a time") }
    let missing = share == 100 ? detectors[open].missing : judges[open].evidence(at: now).missing
    return .inconclusive(
      "\(workloads[open].name): no verdict after \(Int(seconds)) s; \(missing.joined(separator: "; "))")
  }
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
