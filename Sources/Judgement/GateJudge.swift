/// What a plan does when the deadline comes and nothing is shown.
package enum DeadlineDecision: String, Codable, Sendable, CaseIterable { case hold, rollBack, ask }

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
  /// Against "no metric is worse than its margin"; enough at ln(1/α).
  package var logE: Double
  /// The metric with most of that evidence.
  package var ground: String
  /// At the deadline, where the verdict is inconclusive: what the plan says to do.
  package var decision: DeadlineDecision?
  package var canary: CanaryEvidence
  /// What each threshold of the latency shows, with the mesh budget that was allowed; empty where it is not judged.
  package var latency: [LatencyEvidence]
  package var critical: [CriticalSignal]
  /// Shares of the time measured, 0 to 1.
  package var coverage: Double
  /// What was missing; why it is inconclusive.
  package var missing: [String]
  /// Assumptions of the tests that the data contradict; empty where α holds.
  package var voidBecause: [String]
}

/// The canary's judges with everything that stands before and after it: data quality, bursts, critical signals,
/// required security sources and the deadline. Pure; time is handed in.
package struct GateJudge: Codable, Sendable, Equatable {
  package private(set) var judge: MetricsJudge
  package private(set) var guarding: DataGuard
  package private(set) var critical: [CriticalSignal] = []
  package let deadline: Double
  package let atDeadline: DeadlineDecision
  /// Security sources without whose word nothing passes, and those that have spoken.
  private let required: [String]
  private var heard: [String] = []

  package init(
    settings: JudgeSettings = JudgeSettings(), latency: LatencySettings? = nil, status: Bool = false,
    data: DataGuard = DataGuard(), deadline: Double, atDeadline: DeadlineDecision,
    requiredSecuritySources: [String] = []
  ) {
    judge = MetricsJudge(
      settings: settings, latency: latency.map { LatencyTest(settings: $0) },
      status: status ? StatusTest(margin: settings.margin) : nil)
    guarding = data
    self.deadline = deadline
    self.atDeadline = atDeadline
    required = Array(Set(requiredSecuritySources)).sorted()
  }

  /// Latencies and status classes are increments over the reading's window, whatever its counts are.
  package mutating func observe(
    _ reading: Reading, latency: MetricsLook.Pair<LatencyCounts>? = nil, status: MetricsLook.Pair<[Int]>? = nil
  ) {
    guard let look = guarding.accept(reading) else { return }
    judge.observe(MetricsLook(errors: look, latency: latency, status: status))
  }

  /// The baseline's latencies of before the canary came; they begin the warm-up.
  package mutating func warmUp(_ latency: LatencyCounts) { judge.warmUp(latency) }

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
    var missing = guarding.missing(at: now) + judge.missing
    let silent = required.filter { !heard.contains($0) }
    missing += silent.map { "no word from the security source \($0)" }
    let unfit = !silent.isEmpty || !guarding.isFit(at: now)
    let verdict: Verdict =
      !critical.isEmpty
      ? .fail
      : judge.conclusion == .pass && (unfit || !now.isFinite) ? .inconclusive : judge.conclusion
    let late = verdict == .inconclusive && !(now < deadline)
    return GateEvidence(
      verdict: verdict, logE: judge.logE, ground: judge.ground, decision: late ? atDeadline : nil,
      canary: judge.errors.evidence, latency: judge.latency?.evidence ?? [], critical: critical,
      coverage: guarding.coverage(at: now), missing: missing, voidBecause: judge.voidBecause)
  }
}
