import Foundation
import TestSupport
import Testing

@testable import Judgement

/// Simulated rollouts, looked at every second. Seeds are fixed: these tests give the same figures in every run.
@Suite struct ContinuousLookingTests {
  enum Traffic: String, CaseIterable { case constant, growing, noisy }

  private func requests(_ traffic: Traffic, _ second: Int, _ generator: inout SplitMix64) -> (Int, Int) {
    switch traffic {
    case .constant: (100, 100)
    case .growing: [(190, 10), (150, 50), (100, 100), (20, 180)][min(3, second / 150)]
    case .noisy: (Int.random(in: 0...200, using: &generator), Int.random(in: 0...60, using: &generator))
    }
  }

  /// Verdicts of `runs` rollouts of 600 s whose base rate swings between a half and twice `rate`.
  private func count(
    _ wanted: CanaryVerdict, ratio: Double, settings: JudgeSettings, rate: Double, traffic: Traffic, runs: Int
  ) -> Int {
    var generator = SplitMix64(7)
    return (0..<runs).count { _ in
      var judge = CanaryJudge(settings: settings)
      for second in 0..<600 {
        let (baseline, canary) = requests(traffic, second, &generator)
        let now = rate * pow(2, sin(Double(second) / 40))
        judge.observe(
          Look(baseline: generator.arm(baseline, rate: now), canary: generator.arm(canary, rate: now * ratio)))
        if judge.verdict == wanted { return true }
      }
      return false
    }
  }

  @Test(arguments: Traffic.allCases)
  func `false alarms stay below alpha`(traffic: Traffic) {
    let runs = 250
    let settings = JudgeSettings(alpha: 0.05, margin: 1, tolerance: nil)
    let alarms = count(.regression, ratio: 1, settings: settings, rate: 0.005, traffic: traffic, runs: runs)
    #expect(Double(alarms) <= 12.5 + 3 * (Double(runs) * 0.05 * 0.95).squareRoot())
  }

  @Test(arguments: Traffic.allCases)
  func `false promotions stay below beta`(traffic: Traffic) {
    let runs = 250
    let settings = JudgeSettings(beta: 0.05, margin: 1.5, tolerance: nil)
    let wrong = count(.noWorse, ratio: 1.5, settings: settings, rate: 0.01, traffic: traffic, runs: runs)
    #expect(Double(wrong) <= 12.5 + 3 * (Double(runs) * 0.05 * 0.95).squareRoot())
  }

  /// The table of detection times: 100 requests/s in each arm, looked at each second, no margin. At most 1.25 times
  /// Wald's bound ln(1/α)/KL plus one look.
  @Test(arguments: [(0.001, 0.002), (0.001, 0.005), (0.001, 0.01), (0.001, 0.02), (0.001, 0.1), (0.005, 0.01)])
  func `regressions are found nearly as fast as can be`(base: Double, canary: Double) {
    let runs = 201
    let chance = canary / (base + canary)
    let divergence = chance * log(chance / 0.5) + (1 - chance) * log((1 - chance) / 0.5)
    let limit = 1.25 * log(20) / divergence / (100 * (base + canary)) + 1
    // A sign test at three sigma, since the median of so few runs is itself 8 % uncertain: were the true median at
    // the limit, half of the runs would be slower.
    let slower = detectionTimes(base: base, canary: canary, runs: runs).count { Double($0) > limit }
    #expect(Double(slower) <= Double(runs) / 2 + 1.5 * Double(runs).squareRoot(), "\(slower) slower than \(limit) s")
  }

  private func detectionTimes(base: Double, canary: Double, runs: Int) -> [Int] {
    var generator = SplitMix64(11)
    return (0..<runs).map { _ in
      var judge = CanaryJudge(settings: JudgeSettings(margin: 1, tolerance: nil))
      for second in 1...3600 {
        judge.observe(Look(baseline: generator.arm(100, rate: base), canary: generator.arm(100, rate: canary)))
        if judge.verdict == .regression { return second }
      }
      return 3601
    }
  }

  @Test(arguments: Traffic.allCases)
  func `the confidence sequence holds the true ratio and narrows`(traffic: Traffic) {
    let runs = 80
    var generator = SplitMix64(3)
    var missed = 0
    var widths: [Double] = []
    for _ in 0..<runs {
      var test = RateRatioTest()
      var held = true
      for second in 0..<600 {
        let (baseline, canary) = requests(traffic, second, &generator)
        test.add(Look(baseline: generator.arm(baseline, rate: 0.02), canary: generator.arm(canary, rate: 0.04)))
        if second % 10 == 9 {
          let (low, high) = test.ratio(alpha: 0.05)
          if low > 2 || (high ?? .infinity) < 2 { held = false }
        }
      }
      if !held { missed += 1 }
      let (low, high) = test.ratio(alpha: 0.05)
      widths.append(log((high ?? .infinity) / low))
    }
    #expect(Double(missed) <= 4 + 3 * (Double(runs) * 0.05 * 0.95).squareRoot())
    let median = widths.sorted()[runs / 2]
    // A fixed-sample interval would be about 0.2 wide; looking always costs about twice that.
    #expect(median < 0.5, "\(median)")
  }

  @Test func `a rise after promotion is found, and calm is left alone`() {
    var generator = SplitMix64(5)
    let baseline = ArmCount(requests: 20_000, errors: 40)
    var delays: [Int] = []
    var falseAlarms = 0
    for _ in 0..<200 {
      var detector = ChangeDetector(baseline: baseline, tolerance: 0.005, plannedLooks: 300)
      for _ in 0..<150 { detector.observe(generator.arm(100, rate: 0.005)) }
      if detector.alarmed { falseAlarms += 1; continue }
      var seconds = 0
      while !detector.alarmed, seconds < 150 { detector.observe(generator.arm(100, rate: 0.03)); seconds += 1 }
      delays.append(detector.alarmed ? seconds : 1000)
    }
    #expect(falseAlarms <= 14)
    // ln(300 / 0.025) / KL(3 % ‖ 0.5 %) is 320 requests.
    #expect(delays.sorted()[delays.count / 2] <= 6)
  }
}
