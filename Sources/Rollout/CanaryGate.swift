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
///
/// Looks that others' use of the machine made worthless fail nobody, and their time does not count. A canary that is
/// shown to be sound in spite of them has passed all the same.
struct CanaryGate: Sendable {
  let limits: CanaryLimits
  let workloads: [ObjectReference]
  /// Of all looks.
  private var all: CanaryJudges?
  /// Of those that were not disturbed; nil while none was.
  private var calm: CanaryJudges?
  /// Whether disturbed looks were part of what the last share passed by.
  private var hasPassedInSpite = false
  private var last: TrafficSnapshot
  /// Counts when the share began, to name the calls on which canaries failed.
  private var atBegin = TrafficSnapshot()
  private var share = 0
  private var deadline = 0.0
  /// Since the share began.
  private(set) var disturbance = Disturbance()
  private var lastLook = 0.0

  /// - Parameter counts: from before the canaries came; what the stable pods do from here on sets the thresholds.
  init(workloads: [ObjectReference], limits: CanaryLimits, before counts: TrafficSnapshot) {
    self.limits = limits
    self.workloads = workloads
    last = counts
  }

  /// Those by whose evidence the share stands or falls.
  var judges: CanaryJudges? { hasPassedInSpite ? all : calm ?? all }

  /// Begins a share; counts before this moment belong to the share before.
  mutating func begin(share percent: Int, counts: TrafficSnapshot) {
    if all == nil { all = CanaryJudges(workloads: workloads, limits: limits, from: last, to: counts) }
    // What the stable pods did meanwhile was the host's doing; what the canary showed is what let it pass.
    let shown = hasPassedInSpite ? all?.shownByCanaries : nil
    all?.begin(share: percent, heldTo: shown)
    calm?.begin(share: percent, heldTo: shown)
    hasPassedInSpite = false
    share = percent
    last = counts
    atBegin = counts
    deadline = Double(limits.deadline.seconds)
    disturbance.restart(from: counts.machine)
    lastLook = 0
  }

  /// - Parameter seconds: since the share began.
  /// - Returns: the verdict on this share, or nil while it is open.
  mutating func look(_ counts: TrafficSnapshot, seconds: Double) -> GateVerdict? {
    let isDisturbed = disturbance.look(counts.machine, after: seconds - lastLook)
    lastLook = seconds
    if isDisturbed, calm == nil { calm = all }
    let alarms = counts.alarms.dropFirst(last.alarms.count)
    let judged = judged(seconds)
    all?.observe(alarms, at: seconds)
    calm?.observe(alarms, at: judged)
    all?.observe(counts, since: last, until: seconds)
    if !isDisturbed { calm?.observe(counts, since: last, until: judged) }
    last = counts
    if let alarm { return alarm }
    if !isDisturbed, let regression = (calm ?? all).flatMap(regression) { return regression }
    return arrival(seconds) ?? shortage(seconds)
  }

  private func judged(_ seconds: Double) -> Double { seconds - disturbance.seconds }

  /// Gives a share without a verdict more time.
  /// - Parameters: seconds since the share began: the new deadline, and now.
  mutating func wait(until deadline: Double, from seconds: Double) {
    self.deadline = deadline
    let judged = judged(seconds)
    all?.wait(from: seconds)
    calm?.wait(from: judged)
  }

  private var alarm: GateVerdict? {
    all?.judges.lazy.flatMap(\.critical).first.map { .fail("security alarm from \($0.name): \($0.detail)") }
  }

  private func regression(_ judges: CanaryJudges) -> GateVerdict? {
    guard let worst = judges.regressed else { return nil }
    let name = workloads[worst].name
    if share == 100 {
      let count = judges.detectors[worst].count
      return .fail(
        "\(name): errors rose after promotion (\(count.errors) of \(count.requests) requests"
          + "\(worstCall(of: workloads[worst])))")
    }
    if judges.judges[worst].judge.ground == "latency" { return slower(worst, judges.judges) }
    let errors = judges.judges[worst].judge.errors
    return .fail(
      "\(name): \(errors.canary.errors) of \(errors.canary.requests) canary requests failed, "
        + "\(errors.baseline.errors) of \(errors.baseline.requests) beside it\(worstCall(of: workloads[worst]))")
  }

  /// A call to a slow workload makes its callers slow, too: the workload deepest in the wave is named.
  private func slower(_ worst: Int, _ judges: [GateJudge]) -> GateVerdict {
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

  /// Others' use of the machine adds errors to those of canaries and stable pods alike, and hides which are the
  /// canary's own: where it was part of the evidence, a canary must have few errors of whatever cause.
  private mutating func arrival(_ seconds: Double) -> GateVerdict? {
    guard let all else { return nil }
    guard let calm else { return all.hasArrived(at: seconds) ? .pass : nil }
    if calm.hasArrived(at: judged(seconds)) { return .pass }
    let mustShow = share == 100 || share == limits.shares.last
    hasPassedInSpite = all.hasArrived(at: seconds) && (!mustShow || all.isWithinTolerance)
    return hasPassedInSpite ? .pass : nil
  }

  /// No data, or not enough in time, is inconclusive: never a pass.
  private func shortage(_ seconds: Double) -> GateVerdict? {
    guard let judges = calm ?? all else { return nil }
    if judged(seconds) - judges.lastNews >= limits.staleSeconds {
      return .inconclusive("no request reached a canary for \(limits.staleSeconds) s")
    }
    // Disturbed time is given back, but a machine that is never calm does not make a share endless.
    guard seconds - min(disturbance.seconds, Double(limits.deadline.seconds)) >= deadline else { return nil }
    var missing = judges.open?.missing ?? ["the canary was watched for too short a time"]
    if disturbance.seconds > 0 {
      missing.append(disturbance.text(of: seconds))
      // It may be the host's doing; whoever looks for the reason begins there.
      if let seen = all.flatMap(regression) { missing.append("what was seen meanwhile: \(seen.reason)") }
    }
    let whose = judges.open.map { "\($0.workload.name): " } ?? ""
    return .inconclusive("\(whose)no verdict after \(Int(seconds)) s; \(missing.joined(separator: "; "))")
  }
}
