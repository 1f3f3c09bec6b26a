import Foundation

/// One look at all that is measured of both arms. What a source does not have is nil.
package struct MetricsLook: Sendable, Equatable {
  package struct Pair<Value: Sendable & Equatable>: Sendable, Equatable {
    package var baseline: Value
    package var canary: Value

    package init(_ baseline: Value, _ canary: Value) {
      self.baseline = baseline
      self.canary = canary
    }
  }

  package var errors: Look
  package var latency: Pair<LatencyCounts>?
  /// Requests beyond thresholds of the sender's own.
  package var over: Pair<[Int]>?
  /// Answers by `StatusTest.classes`.
  package var status: Pair<[Int]>?

  package init(
    errors: Look, latency: Pair<LatencyCounts>? = nil, over: Pair<[Int]>? = nil, status: Pair<[Int]>? = nil
  ) {
    self.errors = errors
    self.latency = latency
    self.over = over
    self.status = status
  }
}

/// Errors, latency and status classes of one canary judged together, with one bound α on false alarms.
///
/// E is a weighted mean of the metrics' e-values, with weights fixed before the first look; a mean of e-values is one
/// under any dependence. Errors have nine tenths or more of the weight: a regression of errors alone is then found as
/// good as without the others. Good news needs every metric to be shown as no worse.
package struct MetricsJudge: Codable, Sendable, Equatable {
  package let settings: JudgeSettings
  package private(set) var verdict = CanaryVerdict.continue
  package private(set) var errors: CanaryJudge
  package private(set) var latency: LatencyTest?
  package private(set) var status: StatusTest?
  package private(set) var bursts = BurstDetector()
  private var problem: String?

  package static let latencyWeight = 0.1
  package static let statusWeight = 0.1

  package init(settings: JudgeSettings = JudgeSettings(), latency: LatencyTest? = nil, status: StatusTest? = nil) {
    self.settings = settings
    self.latency = latency
    self.status = status
    var own = settings
    own.alpha *= Self.errorWeight(latency != nil, status != nil)
    errors = CanaryJudge(settings: own)
  }

  private static func errorWeight(_ latency: Bool, _ status: Bool) -> Double {
    1 - (latency ? latencyWeight : 0) - (status ? statusWeight : 0)
  }

  /// A look whose errors cannot be judged is refused as a whole (`errors.lastProblem` says why).
  package mutating func observe(_ look: MetricsLook) {
    let refused = errors.refusedLooks
    errors.observe(look.errors)
    guard errors.refusedLooks == refused, settings.problem == nil else { return }
    bursts.add(look.errors)
    problem = nil
    if latency != nil { addLatency(look) }
    if status != nil { addStatus(look) }
    decide()
  }

  mutating func warmUp(_ latency: LatencyCounts) { self.latency?.warmUp(latency) }

  private mutating func addLatency(_ look: MetricsLook) {
    if let pair = look.latency {
      latency?.add(baseline: pair.baseline, canary: pair.canary)
    } else if let pair = look.over {
      latency?.add(look.errors, baselineOver: pair.baseline, canaryOver: pair.canary)
    } else {
      problem = "no data: the latest look has no latencies"
    }
  }

  private mutating func addStatus(_ look: MetricsLook) {
    guard let pair = look.status else { problem = "no data: the latest look has no status classes"; return }
    if status?.add(baseline: pair.baseline, canary: pair.canary) != true {
      problem = "status classes: a count is negative, absurd, or of no class"
    }
  }

  private mutating func decide() {
    if verdict == .regression { return }
    if logE >= -log(settings.alpha) {
      verdict = .regression
    } else if errors.verdict == .noWorse, latency?.isNoSlower(beta: settings.beta) != false {
      verdict = .noWorse
    }
  }

  /// ln E against "no metric is worse than its margin".
  package var logE: Double {
    guard latency != nil || status != nil else { return errors.logEWorse }
    let weight = Self.errorWeight(latency != nil, status != nil)
    var terms = [log(weight) + errors.logEWorse]
    if let latency { terms.append(log(Self.latencyWeight) + latency.logE) }
    if let status { terms.append(log(Self.statusWeight) + status.logE) }
    return LogSpace.sum(terms)
  }

  /// The metric with most of the evidence, in words.
  package var ground: String {
    let (slow, bad) = (latency?.logE ?? -.infinity, status?.logE ?? -.infinity)
    if slow > errors.logEWorse, slow >= bad { return "latency" }
    return bad > errors.logEWorse ? "status \(status?.worst ?? "")" : "errors"
  }

  /// The gate's verdict when no more looks come.
  package var conclusion: Verdict {
    switch verdict {
    case .regression: .fail
    case .noWorse: .pass
    case .continue: .inconclusive
    }
  }

  /// Assumptions that the data contradict.
  package var voidBecause: [String] { [bursts.voidBecause, latency?.voidBecause].compactMap { $0 } }

  package var missing: [String] {
    var reasons = errors.evidence.missing
    if let problem { reasons.append(problem) }
    if verdict == .continue, let latency {
      reasons += latency.missing
      if errors.verdict == .noWorse, latency.missing.isEmpty {
        reasons.append("that it is not slower is not shown yet")
      }
    }
    return reasons
  }
}
