import Foundation
import TestSupport
import Testing

@testable import Judgement

@Suite struct CanaryJudgeTests {
  private func look(_ baseline: (Int, Int), _ canary: (Int, Int)) -> Look {
    Look(
      baseline: ArmCount(requests: baseline.0, errors: baseline.1),
      canary: ArmCount(requests: canary.0, errors: canary.1))
  }

  @Test(arguments: [(0, 377), (1, 663), (2, 883)])
  func `healthy canaries pass in the stated number of requests`(errors: Int, requests: Int) {
    #expect(ErrorRateBound.requestsNeeded(errors: errors, tolerance: 0.01, beta: 0.05) == requests)
    var judge = CanaryJudge()
    judge.observe(look((requests, errors), (requests - 1, errors)))
    #expect(judge.verdict == .continue)
    #expect(judge.evidence.missing == ["1 more requests to the canary without an error would show a rate below 1.0 %"])
    judge.observe(look((1, 0), (1, 0)))
    #expect(judge.verdict == .noWorse)
    #expect(judge.ground == .tolerance)
    #expect(judge.conclusion == .pass)
  }

  @Test func `0.2 % errors in both arms pass soon`() {
    var generator = SplitMix64(21)
    let times = (0..<200).map { _ in
      var judge = CanaryJudge()
      for step in 1...400 {
        judge.observe(Look(baseline: generator.arm(10, rate: 0.002), canary: generator.arm(10, rate: 0.002)))
        if judge.verdict != .continue { return judge.verdict == .noWorse ? step * 10 : .max }
      }
      return .max
    }.sorted()
    #expect(times[100] <= 900, "median \(times[100])")
    #expect(times[180] <= 1800, "90 % \(times[180])")
  }

  @Test func `equal rates are no worse by the ratio`() {
    var judge = CanaryJudge(settings: JudgeSettings(tolerance: nil))
    for _ in 0..<40 { judge.observe(look((1000, 10), (1000, 10))) }
    #expect(judge.verdict == .noWorse)
    #expect(judge.ground == .ratio)
  }

  @Test func `3 % errors against none are a regression at a share of 5 %`() {
    var judge = CanaryJudge()
    judge.observe(look((950, 0), (50, 1)))
    #expect(judge.verdict == .continue)
    judge.observe(look((950, 0), (50, 2)))
    #expect(judge.verdict == .regression)
    #expect(judge.conclusion == .fail)
    #expect(!judge.mayAdvance(minimumRequests: 1))
    for _ in 0..<50 { judge.observe(look((950, 30), (50, 0))) }
    #expect(judge.verdict == .regression)
  }

  @Test func `a regression overrules an earlier noWorse`() {
    var judge = CanaryJudge()
    judge.observe(look((400, 0), (400, 0)))
    #expect(judge.verdict == .noWorse)
    for _ in 0..<4 { judge.observe(look((100, 0), (100, 5))) }
    #expect(judge.verdict == .regression)
    #expect(judge.evidence.ground == nil)
  }

  @Test func `no data is inconclusive with a reason`() {
    var judge = CanaryJudge()
    #expect(judge.conclusion == .inconclusive)
    #expect(judge.evidence.missing == ["no data: nothing was measured yet"])
    judge.observe(look((1_000_000, 3), (0, 0)))
    #expect(judge.conclusion == .inconclusive)
    #expect(judge.evidence.missing == ["no data: the canary has served no requests"])
    #expect(!judge.mayAdvance(minimumRequests: 0))
    #expect(judge.evidence.errorRateBound == 1)
    #expect(judge.evidence.ratioHigh == nil)
    judge.observe(look((0, 0), (20, 0)))
    #expect(judge.mayAdvance(minimumRequests: 20))
    #expect(!judge.mayAdvance(minimumRequests: 21))
  }

  @Test(arguments: [
    ((-1, 0), (10, 0)), ((10, -1), (10, 0)), ((10, 11), (10, 0)), ((10, 0), (5, 6)), ((10, 0), (Int.max, 0)),
    ((10, 0), (Int.min, Int.min)), ((Int.max, Int.max), (Int.max, Int.max)),
  ])
  func `impossible counts are a reason, never a verdict`(baseline: (Int, Int), canary: (Int, Int)) {
    var judge = CanaryJudge()
    judge.observe(look(baseline, canary))
    #expect(judge.verdict == .continue)
    #expect(judge.looks == 0)
    #expect(judge.refusedLooks == 1)
    #expect(judge.evidence.missing.first?.hasPrefix("1 looks refused") == true)
    #expect(judge.canary == ArmCount())
  }

  @Test func `huge counts neither overflow nor lose the verdict`() {
    let huge = ArmCount.greatest
    var judge = CanaryJudge(settings: JudgeSettings(tolerance: nil))
    for _ in 0..<20 { judge.observe(look((huge, huge / 1000), (huge, huge / 1000))) }
    #expect(judge.verdict == .noWorse)
    #expect(judge.refusedLooks == 11)
    let evidence = judge.evidence
    #expect(evidence.logEWorse.isFinite && evidence.logENoWorse.isFinite)
    #expect(evidence.ratioLow <= 1 && (evidence.ratioHigh ?? 0) >= 1)
    #expect(abs(evidence.ratioLow - 1) < 1e-3)
    #expect(abs(evidence.errorRateBound - 0.001) < 1e-6)
    var worse = CanaryJudge()
    worse.observe(look((huge, huge / 1000), (huge, huge / 500)))
    #expect(worse.verdict == .regression)
    var atTolerance = CanaryJudge()
    atTolerance.observe(look((huge, huge / 100), (huge, huge / 100)))
    #expect(atTolerance.verdict == .noWorse && atTolerance.ground == .ratio)
    #expect((atTolerance.evidence.logEWithinTolerance ?? 99) < 3)
  }

  @Test func `settings that make no sense give a reason`() {
    for settings in [
      JudgeSettings(alpha: 0), JudgeSettings(alpha: 1), JudgeSettings(beta: .nan), JudgeSettings(margin: 0),
      JudgeSettings(margin: .infinity), JudgeSettings(tolerance: 1), JudgeSettings(tolerance: -1),
    ] {
      var judge = CanaryJudge(settings: settings)
      judge.observe(look((1000, 0), (1000, 1000)))
      #expect(judge.conclusion == .inconclusive)
      #expect(judge.evidence.missing == [settings.problem ?? "a problem"])
    }
  }

  @Test func `a judge survives being stored, and its state is small`() throws {
    var judge = CanaryJudge()
    for second in 1...30 { judge.observe(look((100 + second, 1), (50 + second % 7, second % 2))) }
    let data = try JSONEncoder().encode(judge)
    var restored = try JSONDecoder().decode(CanaryJudge.self, from: data)
    #expect(restored == judge)
    restored.observe(look((100, 0), (100, 9)))
    judge.observe(look((100, 0), (100, 9)))
    #expect(restored.evidence == judge.evidence)
    let evidence = try JSONDecoder().decode(CanaryEvidence.self, from: JSONEncoder().encode(judge.evidence))
    #expect(evidence == judge.evidence)
  }

  @Test func `one large look says what many small ones say`() {
    var (once, often) = (RateRatioTest(), RateRatioTest())
    once.add(look((40_000, 80), (40_000, 200)))
    for _ in 0..<40 { often.add(look((1000, 2), (1000, 5))) }
    #expect(abs(once.logEWorse - often.logEWorse) < 1e-9)
    let (low, high) = once.ratio(alpha: 0.05)
    let (low2, high2) = often.ratio(alpha: 0.05)
    #expect(abs(low - low2) < 0.02 && abs((high ?? 0) - (high2 ?? 9)) < 0.05)
    #expect(low < 2.5 && (high ?? 0) > 2.5)
  }

  @Test func `with equal traffic the bounds of the ratio are those of formula 1`() throws {
    var test = RateRatioTest()
    for _ in 0..<40 { test.add(look((1000, 2), (1000, 5))) }
    let (low, high) = test.ratio(alpha: 0.05)
    for ratio in [low, try #require(high)] {
      let chance = ratio / (1 + ratio)
      let logE =
        BetaFunction.logBeta(200.5, 80.5) - BetaFunction.logBeta(0.5, 0.5) - 200 * log(chance) - 80 * log(1 - chance)
      #expect(abs(logE - log(20)) < 1e-6)
    }
  }

  @Test func `the upper bound and the test against a tolerance say the same`() {
    for (requests, errors) in [(10, 0), (377, 0), (663, 1), (1000, 9), (5000, 30), (1_000_000, 700)] {
      let bound = ErrorRateBound(ArmCount(requests: requests, errors: errors))
      let limit = bound.upperBound(beta: 0.05)
      #expect(limit > Double(errors) / Double(requests))
      #expect(bound.logEBelow(limit * 1.0001) >= log(20))
      #expect(bound.logEBelow(limit * 0.9999) < log(20))
    }
  }
}
