import Foundation
import Testing

@testable import Judgement

@Suite struct JudgementPlanTests {
  private let plan = JudgementPlan(
    baselineRequests: 100, canaryRequests: 100, baseline: 0.001, settings: JudgeSettings(margin: 1))

  @Test func `Wald's bound is that of the reference table`() throws {
    // mpmath: ln 20 / KL(5/6 ‖ 1/2) = 12.34916 errors, at 0.6 a second.
    #expect(abs(try #require(plan.bound(effect: 5)) - 20.5819) < 1e-3)
    #expect(plan.bound(effect: 1) == nil)
    #expect(plan.bound(effect: 2000) == nil)
  }

  @Test func `the median is near the bound, and the smallest effect meets its time`() throws {
    let median = try #require(plan.medianSeconds(effect: 5))
    #expect(Double(median) < 1.25 * 20.6 + 1 + 4)
    let effect = try #require(plan.smallestEffect(within: 60))
    #expect(abs(try #require(plan.bound(effect: effect)) - 60) < 1e-3)
    #expect(plan.smallestEffect(within: 1e-9) == nil)
  }

  @Test func `senseless plans have a reason`() {
    for (rate, baseline) in [(0.0, 0.1), (-1, 0.1), (.nan, 0.1), (100, 0), (100, 1), (100, .nan)] {
      let bad = JudgementPlan(baselineRequests: rate, canaryRequests: 1, baseline: baseline)
      #expect(bad.problem != nil && bad.bound(effect: 3) == nil && bad.smallestEffect(within: 9) == nil)
    }
  }
}
