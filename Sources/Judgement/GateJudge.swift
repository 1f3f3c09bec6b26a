/// What a plan does when the deadline comes and nothing is shown.
package enum DeadlineDecision: String, Codable, Sendable { case hold, rollBack, ask }

/// A control that failed, a probe that escaped, a sentry's alarm. One is enough; it is never averaged.
package struct CriticalSignal: Codable, Sendable, Equatable {
  package var name: String
  package var at: Double
  package var detail: String

  package init(name: String, at: Double, detail: String) {
    self.name = name
    self.at = at
    self.detail = detail
  }
}

/// The answer of a gate, with all that it rests on.
package struct GateEvidence: Codable, Sendable, Equatable {
  package var verdict: Verdict
  /// At the deadline, where the verdict is inconclusive: what the plan says to do.
  package var decision: DeadlineDecision?
  package var canary: CanaryEvidence
  package var critical: [CriticalSignal]
  /// Shares of the time measured, 0 to 1.
  package var coverage: Double
  /// What was missing; why it is inconclusive.
  package var missing: [String]
  /// Assumptions of the tests that the data contradict; empty where α holds.
  package var voidBecause: [String]
}

/// The canary's judge with everything that stands before and after it: data quality, bursts, critical signals,
/// required security sources and the deadline. Pure; time is handed in.
package struct GateJudge: Codable, Sendable, Equatable {
  package private(set) var judge: CanaryJudge
  package private(set) var guarding: DataGuard
  package private(set) var bursts = BurstDetector()
  package private(set) var critical: [CriticalSignal] = []
  package let deadline: Double
  package let atDeadline: DeadlineDecision
  /// Security sources without whose word nothing passes, and those that have spoken.
  private let required: [String]
  private var heard: [String] = []

  package init(
    settings: JudgeSettings = JudgeSettings(), data: DataGuard = DataGuard(), deadline: Double,
    atDeadline: DeadlineDecision, requiredSecuritySources: [String] = []
  ) {
    judge = CanaryJudge(settings: settings)
    guarding = data
    self.deadline = deadline
    self.atDeadline = atDeadline
    required = Array(Set(requiredSecuritySources)).sorted()
  }

  package mutating func observe(_ reading: Reading) {
    guard let look = guarding.accept(reading) else { return }
    judge.observe(look)
    bursts.add(look)
  }

  package mutating func sourceFailed(_ why: String) { guarding.sourceFailed(why) }

  /// A required security source said that it watches and has seen nothing.
  package mutating func securityIsQuiet(_ source: String) {
    if required.contains(source), !heard.contains(source) { heard.append(source) }
  }

  package mutating func observe(_ signal: CriticalSignal) {
    // The first ones tell the story; a flood must not fill the memory.
    if critical.count < 100 { critical.append(signal) }
  }

  package func evidence(at now: Double) -> GateEvidence {
    let canary = judge.evidence
    var missing = guarding.missing(at: now) + canary.missing
    let silent = required.filter { !heard.contains($0) }
    missing += silent.map { "no word from the security source \($0)" }
    let unfit = !silent.isEmpty || !guarding.isFit(at: now)
    let verdict: Verdict =
      !critical.isEmpty ? .fail
      : judge.conclusion == .pass && (unfit || !now.isFinite) ? .inconclusive : judge.conclusion
    let late = verdict == .inconclusive && !(now < deadline)
    return GateEvidence(
      verdict: verdict, decision: late ? atDeadline : nil, canary: canary, critical: critical,
      coverage: guarding.coverage(at: now), missing: missing,
      voidBecause: bursts.voidBecause.map { [$0] } ?? [])
  }
}
