/// Requests and errors of one arm: of one look, or all of them together.
package struct ArmCount: Codable, Sendable, Equatable {
  package var requests: Int
  package var errors: Int

  package init(requests: Int = 0, errors: Int = 0) {
    self.requests = requests
    self.errors = errors
  }

  /// No real arm serves more between two looks; beyond, it is a broken counter.
  package static let greatest = 1_000_000_000_000_000_000

  /// Why these cannot be counts; nil when they can.
  package var problem: String? {
    if requests < 0 || errors < 0 { return "a count is negative (requests \(requests), errors \(errors))" }
    if errors > requests { return "more errors (\(errors)) than requests (\(requests))" }
    if requests > Self.greatest { return "\(requests) requests are more than any counter can hold" }
    return nil
  }

  /// The sum, or nil where it would overflow. Both must be real counts.
  func adding(_ other: ArmCount) -> ArmCount? {
    let (requests, tooMany) = requests.addingReportingOverflow(other.requests)
    let (errors, tooWrong) = errors.addingReportingOverflow(other.errors)
    return tooMany || tooWrong ? nil : ArmCount(requests: requests, errors: errors)
  }
}

/// What both arms served since the look before, over the same span of time.
package struct Look: Codable, Sendable, Equatable {
  package var baseline: ArmCount
  package var canary: ArmCount

  package init(baseline: ArmCount, canary: ArmCount) {
    self.baseline = baseline
    self.canary = canary
  }

  /// The largest chance that an error of this look is the canary's while the ratio of the error rates is at most
  /// `margin`. Nil where the look says nothing about the ratio: no errors, or an arm that served nothing.
  package func nullShare(margin: Double) -> Double? {
    guard baseline.requests > 0, canary.requests > 0, baseline.errors > 0 || canary.errors > 0 else { return nil }
    let weighed = Double(canary.requests) * margin
    return weighed / (Double(baseline.requests) + weighed)
  }

  /// Why this look cannot be judged; nil when it can.
  package var problem: String? {
    baseline.problem.map { "baseline: \($0)" } ?? canary.problem.map { "canary: \($0)" }
  }
}

/// What a gate or a trial comes to. No data is inconclusive, never pass.
package enum Verdict: String, Codable, Sendable { case pass, fail, inconclusive }
