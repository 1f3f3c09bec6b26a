import Foundation
import Judgement

/// One simulated canary after the other.
enum JudgeSimulation {
  /// The second of the alarm; nil where there is none.
  static func detection(
    rates: (baseline: Double, canary: Double), rate: Int, seconds: Int, settings: (alpha: Double, margin: Double),
    _ generator: inout SeededGenerator
  ) -> Int? {
    var test = RateRatioTest(margin: settings.margin)
    let threshold = -log(settings.alpha)
    for second in 1...seconds {
      let look = Look(
        baseline: ArmCount(requests: rate, errors: generator.failures(of: rate, rate: rates.baseline)),
        canary: ArmCount(requests: rate, errors: generator.failures(of: rate, rate: rates.canary)))
      // Looks without errors change nothing.
      guard look.baseline.errors + look.canary.errors > 0 else { continue }
      test.add(look)
      if test.logEWorse >= threshold { return second }
    }
    return nil
  }
}
