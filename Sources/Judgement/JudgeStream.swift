package import Diagnostics
import Foundation

/// What the `judge` command was told beside the settings of the test.
package struct JudgeStreamOptions: Sendable, Equatable {
  package var settings: JudgeSettings
  package var budget: MeshBudget
  /// Seconds of the stream's own clock after the first line; nil for no deadline.
  package var deadline: Double?
  package var atDeadline: DeadlineDecision

  package init(
    settings: JudgeSettings, budget: MeshBudget = MeshBudget(), deadline: Double? = nil,
    atDeadline: DeadlineDecision = .hold
  ) {
    self.settings = settings
    self.budget = budget
    self.deadline = deadline
    self.atDeadline = atDeadline
  }

  package var problem: String? {
    if let problem = settings.problem { return problem }
    if !budget.isValid { return "the mesh budget must be between 0 and 1e6 ms, its share between 0 and 100" }
    if let deadline, !(deadline >= 0 && deadline <= 1e12) { return "the deadline must be between 0 and 1e12 seconds" }
    return nil
  }
}

/// The `judge` command without its I/O: one line of JSON in, one line of JSON out.
///
/// In: `{"t":…,"baseline":{"n":…,"errors":…},"canary":{"n":…,"errors":…}}`, counts since the line before. Out:
/// `{"t":…,"verdict":…,"logE":…,"ratio":[lo,hi]}`; logE is the regression's evidence, hi is null while the data set
/// no upper bound. The first verdict other than `continue` stays. More keys follow these only where there is something
/// to say: `decision`, `reasons`, `voidBecause`, `latency`, `status`.
package struct JudgeStream: Sendable {
  private let options: JudgeStreamOptions
  private var judge: MetricsJudge?
  private var verdict = CanaryVerdict.continue
  private var decision: DeadlineDecision?
  private var lines = 0
  private var refused = 0
  private var lastTime: Double?
  private var elapsed = 0.0
  private var lastText = ""

  package init(_ options: JudgeStreamOptions) { self.options = options }
  package init(settings: JudgeSettings) { self.init(JudgeStreamOptions(settings: settings)) }

  /// Throws a `badInput` error with the line's number for anything that is no such line; the stream ends there. A line
  /// with data that cannot be judged is answered with the reason, and changes no evidence.
  package mutating func answer(_ line: String) throws(BulkheadError) -> String {
    lines += 1
    let input = try JudgeLine.parse(line, number: lines)
    var judge = self.judge ?? input.judge(options)
    var reasons: [String] = []
    do throws(DataProblem) {
      try clock(input, line)
      let (look, leftOut) = try input.look(for: judge)
      reasons += leftOut
      let before = judge.errors.refusedLooks
      judge.observe(look)
      if judge.errors.refusedLooks > before { throw .malformed(judge.errors.lastProblem ?? "it was refused") }
    } catch {
      refused += 1
      reasons.append("\(error)")
    }
    self.judge = judge
    decide(judge, &reasons)
    return text(input, judge, reasons)
  }

  /// The stream's own time goes forward; a line that is there twice is counted once.
  private mutating func clock(_ input: JudgeLine, _ line: String) throws(DataProblem) {
    let time = input.t.value
    guard time.isFinite, abs(time) < 1e15 else { throw .notANumber("t") }
    defer { lastText = line }
    guard let last = lastTime else { lastTime = time; return }
    if time < last { throw .clockJump(time - last) }
    if time == last, line == lastText { throw .overlap(0) }
    lastTime = time
    // A jump must not bring the deadline; its counts are those since the line before all the same.
    if time - last <= Self.longestStep { elapsed += time - last }
  }

  /// Longer between two lines is a clock that jumped.
  static let longestStep = 1e6

  private mutating func decide(_ judge: MetricsJudge, _ reasons: inout [String]) {
    if verdict == .continue {
      // Good news needs most of the data; silence of a broken source looks like health.
      let fit = Double(lines - refused) >= Double(lines) * DataGuard.leastCoverage
      if judge.verdict == .noWorse, !fit {
        reasons.append("\(refused) of \(lines) lines could not be judged: noWorse is withheld")
      } else {
        verdict = judge.verdict
      }
    }
    if let deadline = options.deadline, verdict == .continue, decision == nil, elapsed >= deadline {
      decision = options.atDeadline
    }
    if decision != nil, verdict == .continue { reasons += judge.missing }
  }

  private func text(_ input: JudgeLine, _ judge: MetricsJudge, _ reasons: [String]) -> String {
    let evidence = judge.errors.evidence
    let high = evidence.ratioHigh.map(JSONFragment.number) ?? "null"
    var text =
      "{\"t\":\(input.t.text),\"verdict\":\"\(verdict.rawValue)\",\"logE\":\(JSONFragment.number(judge.logE)),"
      + "\"ratio\":[\(JSONFragment.number(evidence.ratioLow)),\(high)]"
    if let decision { text += ",\"decision\":\"\(decision.rawValue)\"" }
    if !reasons.isEmpty { text += ",\"reasons\":\(JSONFragment.strings(reasons))" }
    let void = judge.voidBecause
    if !void.isEmpty { text += ",\"voidBecause\":\(JSONFragment.strings(void))" }
    if let latency = judge.latency, !latency.levels.isEmpty {
      text += ",\"latency\":[\(latency.evidence.map(JSONFragment.latency).joined(separator: ","))]"
    }
    if let status = judge.status { text += ",\"status\":\(JSONFragment.status(status))" }
    return text + "}"
  }
}

/// Parts of an answer, in the order in which they stand here.
private enum JSONFragment {
  static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
  static func number(_ value: Double?) -> String { value.map(number) ?? "null" }

  static func strings(_ values: [String]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(values)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
  }

  static func latency(_ level: LatencyEvidence) -> String {
    "{\"level\":\(number(level.level)),\"baselineMs\":\(number(level.baselineMilliseconds)),"
      + "\"budgetMs\":\(number(level.budgetMilliseconds)),\"logE\":\(number(level.logE)),"
      + "\"slower\":[\(level.baselineSlower),\(level.canarySlower)]}"
  }

  static func status(_ status: StatusTest) -> String {
    "{\"logE\":\(number(status.logE)),\"logEDifferent\":\(number(status.logEDifferent)),\"worst\":\"\(status.worst)\"}"
  }
}
