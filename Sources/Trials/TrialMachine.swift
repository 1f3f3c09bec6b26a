import Judgement

/// The course of one trial as a machine without I/O.
///
/// settling (are users served at all?) → fault starts → holding → fault ends → recovering → concluded. Times are
/// seconds on the caller's clock; tallies are cumulative and only grow.
package struct TrialMachine: Sendable, Equatable {
  package enum Phase: Sendable, Equatable { case settling, starting, holding, ending, recovering, concluded }
  package enum Command: Sendable, Equatable { case startFault, endFault, conclude }

  package private(set) var phase: Phase = .settling
  package private(set) var outcome = TrialOutcome()
  private let trial: Trial
  private var judge: SteadyState
  private var phaseBegan: Double
  private var tallyAtPhase: Tally
  private var lastTally: Tally
  private var lastSeen: Double

  /// Users' requests that must be counted before a share of them means anything, and how long to wait for them.
  package static let settlingRequests = 30
  package static let settlingSeconds = 10.0
  /// Users count as served steadily up to this share of failures.
  package static let settlingFailures = 0.02
  /// A fault is held, and a recovery awaited, this many times longer than planned where evidence is thin.
  package static let patience = 5.0

  package init(_ trial: Trial, at now: Double, users: Tally) {
    self.trial = trial
    judge = SteadyState(minimumSuccess: trial.steadyShare, recoveryWithin: trial.recoverySeconds)
    phaseBegan = now
    tallyAtPhase = users
    lastTally = users
    lastSeen = now
  }

  /// Users' cumulative tally at a moment; called every few hundred milliseconds.
  package mutating func observed(_ users: Tally, at now: Double) -> Command? {
    let news = users - lastTally
    defer {
      lastTally = users
      lastSeen = now
    }
    switch phase {
    case .settling: return settle(users, now)
    case .holding: return hold(news, users, now)
    case .recovering: return recover(news, now)
    case .starting, .ending, .concluded: return nil
    }
  }

  package mutating func faultStarted(at now: Double, users: Tally) { enter(.holding, now, users) }

  package mutating func faultFailed(_ reason: String) -> Command {
    conclude(.inconclusive, "the fault could not be put in: \(reason)")
  }

  package mutating func faultEnded(_ evidence: FaultEvidence, at now: Double, users: Tally) {
    outcome.evidence = evidence
    enter(.recovering, now, users)
  }

  private mutating func enter(_ next: Phase, _ now: Double, _ users: Tally) {
    phase = next
    phaseBegan = now
    tallyAtPhase = users
    lastTally = users
    lastSeen = now
  }

  /// The steady state must stand before anything is disturbed (invariant I9).
  private mutating func settle(_ users: Tally, _ now: Double) -> Command? {
    let seen = users - tallyAtPhase
    if seen.n >= Self.settlingRequests {
      if Double(seen.errors) <= Double(seen.n) * Self.settlingFailures {
        phase = .starting
        return .startFault
      }
      tallyAtPhase = users
    }
    guard now - phaseBegan >= Self.settlingSeconds else { return nil }
    let text = seen.n == 0 ? "no users' requests were seen" : "users were not served steadily before the fault"
    return conclude(.inconclusive, text)
  }

  private mutating func hold(_ news: Tally, _ users: Tally, _ now: Double) -> Command? {
    judge.observeDuringFault(ArmCount(requests: news.n, errors: news.errors))
    outcome.during = users - tallyAtPhase
    let held = now - phaseBegan
    let clear = judge.duringFault.verdict != .inconclusive
    guard held >= trial.holdSeconds, clear || held >= trial.holdSeconds * Self.patience else { return nil }
    phase = .ending
    return .endFault
  }

  private mutating func recover(_ news: Tally, _ now: Double) -> Command? {
    let (start, end) = (lastSeen - phaseBegan, now - phaseBegan)
    judge.observeAfterFault(ArmCount(requests: news.n, errors: news.errors), from: start, to: end)
    if outcome.recoverySeconds == nil, news.n > 0, Double(news.errors) <= Double(news.n) * Self.settlingFailures {
      outcome.recoverySeconds = start
    }
    let clear = judge.recovery.verdict != .inconclusive
    guard clear || end >= trial.recoverySeconds * Self.patience else { return nil }
    return conclude()
  }

  private mutating func conclude() -> Command {
    guard outcome.evidence.verified else {
      return conclude(.inconclusive, "the fault was not seen to happen: \(outcome.evidence.text)")
    }
    let (during, recovery) = (judge.duringFault, judge.recovery)
    switch judge.verdict {
    case .pass: return conclude(.pass, "")
    case .fail where during.verdict == .fail:
      let count = during.count
      return conclude(.fail, "\(count.errors) of \(count.requests) users' requests failed while the fault lasted")
    case .fail:
      return conclude(.fail, "users were not served again within \(trial.recoverySeconds) s of the fault's end")
    case .inconclusive:
      return conclude(.inconclusive, during.verdict == .inconclusive ? during.missing : recovery.missing)
    }
  }

  private mutating func conclude(_ result: ControlResult.Outcome, _ reason: String) -> Command {
    phase = .concluded
    outcome.result = result
    outcome.reason = reason
    return .conclude
  }
}

/// What a trial showed of its hypothesis (its controls are judged beside it).
package struct TrialOutcome: Sendable, Equatable {
  package var result: ControlResult.Outcome = .inconclusive
  package var reason = ""
  package var evidence = FaultEvidence(verified: false, text: "the fault was not put in")
  package var during = Tally()
  /// Seconds from the fault's end to the first window in which users were served steadily.
  package var recoverySeconds: Double?

  package init() {}
}
