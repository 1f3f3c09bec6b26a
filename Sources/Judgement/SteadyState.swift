import Foundation

/// What one phase of a trial shows about its success share.
package struct SteadyStatePhase: Codable, Sendable, Equatable {
  package var count: ArmCount
  /// ln E against "success share ≤ minimum": the phase passes when E ≥ 1/β.
  package var logEPass: Double
  /// ln E against "success share ≥ minimum": the phase fails when E ≥ 2/α.
  package var logEFail: Double
  package var verdict: Verdict
  /// Why it is inconclusive; empty otherwise.
  package var missing: String
}

/// Judges a trial's hypothesis: at least a share S of requests succeeds while the fault lasts, and again at the
/// latest T after its end.
///
/// Never from a raw ratio. "Fails" needs evidence against "the share is at least S", at 2/α in each of the two
/// phases, so that a hypothesis which holds is called failed with probability at most α. "Passes" needs both phases
/// shown to be above S, each at 1/β. All else is inconclusive: so is no data.
///
/// Recovery may begin at any time up to T, so its evidence starts in parts: half at once, a quarter spread evenly
/// over the time until T, the rest at T (formula 8 with a prior of total mass 1 on the start, thus an e-process).
package struct SteadyState: Codable, Sendable, Equatable {
  /// Least share of requests that succeed, in (0, 1].
  package let minimumSuccess: Double
  /// Seconds after the end of the fault.
  package let recoveryWithin: Double
  package let alpha: Double
  package let beta: Double

  private var during = ArmCount()
  private var duringFail = LikelihoodGrid(.above)
  private var after = ArmCount()
  private var afterDeadline = ArmCount()
  private var recovered = LikelihoodGrid(.below)
  private var notRecovered = LikelihoodGrid(.above)
  private var startMass = 1.0
  private var passed = Flags()
  private var failed = Flags()
  private var problem: String?

  /// The recovery's verdict stays once it is reached; that on the fault's time is the one at its end.
  private struct Flags: Codable, Sendable, Equatable {
    var during = false
    var recovery = false
  }

  package init(minimumSuccess: Double, recoveryWithin: Double, alpha: Double = 0.05, beta: Double = 0.05) {
    self.minimumSuccess = minimumSuccess
    self.recoveryWithin = recoveryWithin
    self.alpha = alpha
    self.beta = beta
    if !(minimumSuccess > 0 && minimumSuccess <= 1) {
      problem = "the success share must be greater than 0 and at most 1, not \(minimumSuccess)"
    } else if !(alpha > 0 && alpha < 1 && beta > 0 && beta < 1) {
      problem = "alpha and beta must be greater than 0 and less than 1"
    }
    recovered.clear()
  }

  private var tolerance: Double { 1 - minimumSuccess }

  /// Requests answered while the fault was active, since the call before.
  package mutating func observeDuringFault(_ count: ArmCount) {
    guard accepts(count), let sum = during.adding(count) else { return }
    during = sum
    duringFail.add(Double(count.errors), of: Double(count.requests), nullProbability: tolerance)
    let pass = ErrorRateBound(during).logEBelow(tolerance)
    // The share is promised of the fault's whole time, and failures crowd at its beginning, before anyone has noticed:
    // evidence is weighed as it stands when the phase is looked at, and not at its worst moment.
    (passed.during, failed.during) = (false, false)
    settle(&passed.during, &failed.during, pass: pass, fail: duringFail.logE, errors: during.errors)
  }

  /// Requests answered in a span of time after the fault: `start` and `end` in seconds since it ended. In order.
  package mutating func observeAfterFault(_ count: ArmCount, from start: Double, to end: Double) {
    guard accepts(count), count.requests > 0, let sum = after.adding(count) else { return }
    guard start >= 0, end >= start else { problem = "a span of time from \(start) s to \(end) s"; return }
    let (errors, requests) = (Double(count.errors), Double(count.requests))
    let mass = takeStartMass(start, end)
    after = sum
    recovered.add(errors, of: requests, nullProbability: tolerance, restartingWith: mass > 0 ? log(mass) : -1e300)
    if start >= recoveryWithin, let late = afterDeadline.adding(count) {
      afterDeadline = late
      notRecovered.add(errors, of: requests, nullProbability: tolerance)
    }
    settle(
      &passed.recovery, &failed.recovery, pass: recovered.logE, fail: notRecovered.logE, errors: afterDeadline.errors)
  }

  /// How much of the evidence starts with this span.
  private mutating func takeStartMass(_ start: Double, _ end: Double) -> Double {
    let first = after.requests == 0 ? 0.5 : 0
    let spread = recoveryWithin > 0 ? 0.25 * max(0, min(end, recoveryWithin) - start) / recoveryWithin : 0
    let mass = start >= recoveryWithin ? startMass : min(startMass, first + spread)
    startMass -= mass
    return mass
  }

  private mutating func accepts(_ count: ArmCount) -> Bool {
    if let wrong = count.problem { problem = wrong }
    return problem == nil
  }

  private func settle(_ passed: inout Bool, _ failed: inout Bool, pass: Double, fail: Double, errors: Int) {
    if passed || failed { return }
    failed = fail >= log(2) - log(alpha) || (tolerance <= 0 && errors > 0)
    passed = !failed && tolerance > 0 && pass >= -log(beta)
  }

  package var duringFault: SteadyStatePhase {
    phase(
      during, pass: ErrorRateBound(during).logEBelow(tolerance), fail: duringFail.logE, passed.during, failed.during,
      name: "while the fault lasted")
  }

  package var recovery: SteadyStatePhase {
    phase(
      after, pass: after.requests > 0 ? recovered.logE : 0, fail: notRecovered.logE, passed.recovery,
      failed.recovery, name: "after the fault")
  }

  private func phase(
    _ count: ArmCount, pass: Double, fail: Double, _ passed: Bool, _ failed: Bool, name: String
  ) -> SteadyStatePhase {
    let verdict: Verdict = failed ? .fail : passed && problem == nil ? .pass : .inconclusive
    var missing = ""
    if verdict == .inconclusive { missing = problem ?? shortfall(count, name) }
    return SteadyStatePhase(count: count, logEPass: pass, logEFail: fail, verdict: verdict, missing: missing)
  }

  private func shortfall(_ count: ArmCount, _ name: String) -> String {
    if count.requests == 0 { return "no data: no request was answered or refused \(name)" }
    if tolerance <= 0 { return "that all requests succeed can be refuted but not shown; state 99.9 % or less" }
    let share = Double(count.requests - count.errors) / Double(count.requests)
    let seen = "\(count.errors) errors in \(count.requests) requests \(name)"
    guard share > minimumSuccess,
      let needed = ErrorRateBound.requestsNeeded(errors: count.errors, tolerance: tolerance, beta: beta),
      needed > count.requests
    else { return "\(seen) neither show nor refute a success share of \(minimumSuccess * 100) %" }
    return "\(seen) are too few: about \(needed) without a further error would show it"
  }

  package var verdict: Verdict {
    let phases = [duringFault.verdict, recovery.verdict]
    return phases.contains(.fail) ? .fail : phases.contains(.inconclusive) ? .inconclusive : .pass
  }
}
