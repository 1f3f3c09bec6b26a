/// Stands before every test: turns what a source says into looks, or into the reason why not.
///
/// A refused reading changes no evidence. What was missed counts against `coverage`, without which nothing is
/// promoted: silence of a broken source looks like health.
package struct DataGuard: Codable, Sendable, Equatable {
  /// What the numbers of a reading are.
  package enum Kind: String, Codable, Sendable {
    /// Counts of the window itself.
    case increments
    /// Counters that only grow; the first reading is where counting starts.
    case counters
  }

  package let kind: Kind
  /// Data older than this, and holes longer than this, are reported. Seconds.
  package let patience: Double
  package private(set) var problems = 0
  package private(set) var latest: DataProblem?
  private var began: Double?
  private var lastTo: Double?
  private var covered = 0.0
  private var counters: [ArmCount] = []

  package init(kind: Kind = .increments, patience: Double = 30) {
    self.kind = kind
    self.patience = patience
  }

  /// The look that a reading adds; nil where it is refused (`latest` says why) or only starts the counting.
  package mutating func accept(_ reading: Reading) -> Look? {
    do throws(DataProblem) {
      let (start, hole) = try window(reading)
      let baseline = try reading.baseline.count("baseline")
      let canary = try reading.canary.count("canary")
      guard let look = try look(baseline, canary) else {
        (began, lastTo) = (began ?? reading.to, reading.to)
        return nil
      }
      covered += reading.to - (kind == .counters ? lastTo ?? start : start)
      (began, lastTo) = (began ?? start, reading.to)
      if hole > patience, kind == .increments { refuse(.gap(hole)) }
      return look
    } catch {
      refuse(error)
      return nil
    }
  }

  /// For a source that gave no answer at all, or an error.
  package mutating func sourceFailed(_ why: String) { refuse(.brokenSource(why)) }

  private mutating func refuse(_ problem: DataProblem) {
    problems += 1
    latest = problem
  }

  /// Start of the window, and how long nothing was measured before it.
  private mutating func window(_ reading: Reading) throws(DataProblem) -> (start: Double, hole: Double) {
    guard reading.from.isFinite, reading.to.isFinite, abs(reading.from) < 1e12, abs(reading.to) < 1e12 else {
      throw .notANumber("the time of the window")
    }
    if reading.to < reading.from { throw .clockJump(reading.to - reading.from) }
    guard let lastTo else { return (reading.from, 0) }
    if reading.to < lastTo { throw .clockJump(reading.to - lastTo) }
    if reading.to - lastTo > 1e6 {
      // Later readings go on from here.
      self.lastTo = reading.to
      counters = []
      throw .clockJump(reading.to - lastTo)
    }
    if kind == .increments, reading.from < lastTo - 1e-6 { throw .overlap(lastTo - reading.from) }
    if kind == .counters, reading.to == lastTo { throw .overlap(0) }
    return (reading.from, max(0, reading.from - lastTo))
  }

  private mutating func look(_ baseline: ArmCount, _ canary: ArmCount) throws(DataProblem) -> Look? {
    guard kind == .counters else { return Look(baseline: baseline, canary: canary) }
    let before = counters
    counters = [baseline, canary]
    guard before.count == 2 else { return nil }
    let look = Look(
      baseline: try Self.growth(before[0], baseline, "baseline"), canary: try Self.growth(before[1], canary, "canary"))
    return look
  }

  private static func growth(_ old: ArmCount, _ new: ArmCount, _ arm: String) throws(DataProblem) -> ArmCount {
    guard new.requests >= old.requests, new.errors >= old.errors else { throw .counterReset(arm) }
    let grown = ArmCount(requests: new.requests - old.requests, errors: new.errors - old.errors)
    guard grown.errors <= grown.requests else { throw .moreErrorsThanRequests(arm) }
    return grown
  }

  /// Share of the time since the first reading that was measured; 0 without data.
  package func coverage(at now: Double) -> Double {
    guard let began, now > began else { return covered > 0 ? 1 : 0 }
    return min(1, covered / (now - began))
  }

  /// Why no good news may be concluded at this moment.
  package func missing(at now: Double) -> [String] {
    var reasons: [String] = []
    if let latest { reasons.append("\(problems) readings had a problem; the latest: \(latest)") }
    guard let lastTo else { return reasons + ["no data: nothing was measured yet"] }
    if now - lastTo > patience { reasons.append("\(DataProblem.stale(now - lastTo))") }
    if now < lastTo - patience { reasons.append("\(DataProblem.clockJump(now - lastTo))") }
    let share = coverage(at: now)
    if share < Self.leastCoverage { reasons.append("only \(Int(share * 100)) % of the time was measured") }
    return reasons
  }

  /// Whether good news may be concluded: the data are fresh and have no large holes.
  package func isFit(at now: Double) -> Bool {
    guard let lastTo else { return false }
    return abs(now - lastTo) <= patience && coverage(at: now) >= Self.leastCoverage
  }

  package static let leastCoverage = 0.8
}
