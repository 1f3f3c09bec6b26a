/// Why a reading of a metric source cannot be judged. Each leads to a reason in the evidence, never to a verdict.
package enum DataProblem: Error, Codable, Sendable, Equatable, CustomStringConvertible {
  case noData(String)
  /// The source answered with an error, in its words.
  case brokenSource(String)
  case notANumber(String)
  case negative(String)
  case absurd(String)
  /// In words that stand for themselves.
  case malformed(String)
  case moreErrorsThanRequests(String)
  case counterReset(String)
  case clockJump(Double)
  case overlap(Double)
  case stale(Double)
  case gap(Double)

  package var description: String {
    switch self {
    case .noData(let what): "no data: \(what)"
    case .brokenSource(let why): "the source is broken: \(why)"
    case .notANumber(let what): "\(what) is not a number"
    case .negative(let what): "\(what) is negative"
    case .absurd(let what): "\(what) is more than any counter can hold, or no whole number"
    case .malformed(let why): why
    case .moreErrorsThanRequests(let arm): "\(arm): more errors than requests"
    case .counterReset(let arm): "\(arm): a counter went backwards; counting starts afresh"
    case .clockJump(let seconds): "the clock jumped by \(seconds) s"
    case .overlap(let seconds): "the window overlaps the one before by \(seconds) s"
    case .stale(let seconds): "the newest data are \(seconds) s old"
    case .gap(let seconds): "nothing was measured for \(seconds) s"
    }
  }
}

/// What a source says of one arm. Absent values and values that are no numbers are "no data".
package struct ArmReading: Codable, Sendable, Equatable {
  package var requests: Double?
  package var errors: Double?

  package init(requests: Double?, errors: Double?) {
    self.requests = requests
    self.errors = errors
  }

  /// The counts; a Prometheus rate may miss a whole number by rounding, not by more.
  func count(_ arm: String) throws(DataProblem) -> ArmCount {
    func whole(_ value: Double?, _ name: String) throws(DataProblem) -> Int {
      guard let value else { throw .noData("\(arm) has no \(name)") }
      if value.isNaN { throw .notANumber("\(arm): \(name)") }
      if value < 0 { throw .negative("\(arm): \(name)") }
      guard value <= Double(ArmCount.greatest), abs(value - value.rounded()) <= 1e-6 * max(1, value) else {
        throw .absurd("\(arm): \(name)")
      }
      return Int(value.rounded())
    }
    let count = ArmCount(requests: try whole(requests, "requests"), errors: try whole(errors, "errors"))
    guard count.errors <= count.requests else { throw .moreErrorsThanRequests(arm) }
    return count
  }
}

/// One answer of a metric source: both arms over one window, in seconds on one clock.
package struct Reading: Codable, Sendable, Equatable {
  package var from: Double
  package var to: Double
  package var baseline: ArmReading
  package var canary: ArmReading

  package init(from: Double, to: Double, baseline: ArmReading, canary: ArmReading) {
    self.from = from
    self.to = to
    self.baseline = baseline
    self.canary = canary
  }
}
