import Foundation

/// How long a verdict will take, and what can be seen within a time, before any canary runs.
package struct JudgementPlan: Sendable, Equatable {
  /// Requests per second to each arm.
  package let baselineRequests: Double
  package let canaryRequests: Double
  /// Error rate of the baseline, in (0, 1).
  package let baseline: Double
  package let settings: JudgeSettings

  package init(
    baselineRequests: Double, canaryRequests: Double, baseline: Double, settings: JudgeSettings = JudgeSettings()
  ) {
    self.baselineRequests = baselineRequests
    self.canaryRequests = canaryRequests
    self.baseline = baseline
    self.settings = settings
  }

  package var problem: String? {
    func isRate(_ value: Double) -> Bool { value > 0 && value <= 1e9 }
    if !isRate(baselineRequests) || !isRate(canaryRequests) {
      return "the requests per second must be greater than 0 and at most 1e9"
    }
    if !(baseline > 0 && baseline < 1) { return "the baseline's error rate must be between 0 and 1" }
    return settings.problem
  }

  /// Wald's bound in seconds for a canary with `effect` times the baseline's error rate: no test with false alarms
  /// at most α finds it sooner on average. Nil where the effect is no regression, or makes more errors than requests.
  package func bound(effect: Double) -> Double? {
    guard problem == nil, effect > settings.margin, effect.isFinite, baseline * effect <= 1 else { return nil }
    let ratio = canaryRequests / baselineRequests
    let chance = ratio * effect / (1 + ratio * effect)
    let null = ratio * settings.margin / (1 + ratio * settings.margin)
    let information = chance * log(chance / null) + (1 - chance) * log((1 - chance) / (1 - null))
    let errorsPerSecond = baseline * (baselineRequests + effect * canaryRequests)
    guard information > 0 else { return nil }
    return -log(settings.alpha) / (errorsPerSecond * information)
  }

  /// The median of simulated times to the verdict `regression`, in seconds, looking once a second; nil where it is
  /// beyond `limit` seconds, or beyond what is worth simulating.
  package func medianSeconds(effect: Double, runs: Int = 101, limit: Int = 3600, seed: UInt64 = 1) -> Int? {
    guard let bound = bound(effect: effect), bound <= Double(limit), baselineRequests + canaryRequests <= 1e6 else {
      return nil
    }
    var generator = SeededGenerator(seed: seed)
    var times: [Int] = []
    for _ in 0..<max(1, min(runs, 10_001)) {
      times.append(detection(effect, limit, &generator) ?? .max)
    }
    let median = times.sorted()[times.count / 2]
    return median == .max ? nil : median
  }

  private func detection(_ effect: Double, _ limit: Int, _ generator: inout SeededGenerator) -> Int? {
    var test = RateRatioTest(margin: settings.margin)
    var served = (0.0, 0.0)
    for second in 1...max(1, limit) {
      // Traffic below one request per second still adds up to whole requests.
      let old = served
      served = (baselineRequests * Double(second), canaryRequests * Double(second))
      let requests = (Int(served.0) - Int(old.0), Int(served.1) - Int(old.1))
      let look = Look(
        baseline: ArmCount(requests: requests.0, errors: generator.failures(of: requests.0, rate: baseline)),
        canary: ArmCount(requests: requests.1, errors: generator.failures(of: requests.1, rate: baseline * effect)))
      test.add(look)
      if test.logEWorse >= -log(settings.alpha) { return second }
    }
    return nil
  }

  /// The smallest effect whose Wald bound is at most so many seconds; nil where none is.
  package func smallestEffect(within seconds: Double) -> Double? {
    guard problem == nil, seconds > 0 else { return nil }
    var (low, high) = (log(settings.margin), log(1 / baseline))
    guard let best = bound(effect: exp(high) * (1 - 1e-12)), best <= seconds else { return nil }
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if let time = bound(effect: exp(middle)), time <= seconds { high = middle } else { low = middle }
    }
    return exp(high)
  }

  /// Seconds until a canary without any error is shown to be below the tolerance; nil without a tolerance.
  package var secondsToPromote: Double? {
    guard problem == nil, let tolerance = settings.tolerance,
      let needed = ErrorRateBound.requestsNeeded(errors: 0, tolerance: tolerance, beta: settings.beta)
    else { return nil }
    return Double(needed) / canaryRequests
  }
}
