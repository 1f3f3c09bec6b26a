import Foundation
import Testing

@testable import Judgement

@Suite struct LatencyTests {
  /// Seconds after the warm-up until found; nil within the limit.
  private func found(
    seed: UInt64, limit: Int, slowShare: Double, plus: Double, sidecar: Double = 0,
    settings: LatencySettings = LatencySettings()
  ) -> Int? {
    var generator = SeededGenerator(seed: seed)
    var test = LatencyTest(settings: settings)
    func normal() -> Double { 20 * exp(0.5 * generator.normal()) }
    while test.levels.isEmpty {
      test.add(baseline: counts((0..<3000).map { _ in normal() }), canary: counts([]))
    }
    for second in 1...limit {
      let baseline = (0..<100).map { _ in normal() }
      let canary = (0..<100).map { _ in normal() + sidecar + (generator.uniform() < slowShare ? plus : 0) }
      test.add(baseline: counts(baseline), canary: counts(canary))
      if test.logE >= log(20) { return second }
    }
    return nil
  }

  private func counts(_ values: [Double]) -> LatencyCounts { LatencyCounts(milliseconds: values) }

  @Test func `one request in a hundred 150 ms slower is found within a minute`() {
    let times = (1...31).map { found(seed: $0, limit: 200, slowShare: 0.01, plus: 150) ?? .max }.sorted()
    #expect(times[15] <= 60, "\(times)")
  }

  @Test func `a sidecar within its budget is left alone, one beyond it is not`() {
    let alarms = (1...40).count { found(seed: $0, limit: 200, slowShare: 0, plus: 0, sidecar: 2) != nil }
    // Three sigma above 5 %.
    #expect(alarms <= 6)
    #expect(found(seed: 1, limit: 60, slowShare: 0, plus: 0, sidecar: 15) != nil)
  }

  @Test func `the budget grows with the hops and, where asked, with what hops vary by`() {
    #expect(MeshBudget().allowance(for: 20) == 5 && MeshBudget().allowance(for: 200) == 20)
    #expect(MeshBudget(hops: 3).allowance(for: 20, spread: 40) == 15)
    #expect(MeshBudget(hops: 2, includesSpread: true).allowance(for: 20, spread: 40) == 80)
    #expect(MeshBudget(includesSpread: true).allowance(for: 20, spread: .infinity) == 5)
    let bounded = MeshBudget(hops: 2, includesSpread: true, mostSpread: 50)
    #expect(bounded.allowance(for: 20, spread: 40) == 80 && bounded.allowance(for: 20, spread: 400) == 100)
    #expect(!MeshBudget(milliseconds: .nan).isValid && !MeshBudget(share: -1).isValid)
  }

  /// Bounds are rounded to the canary's favour, so that coarse buckets raise no false alarm.
  @Test func `thresholds and limits are bounds of the buckets`() throws {
    let bounds: [Double] = [1, 2, 5, 10, 20, 50]
    var test = LatencyTest(settings: LatencySettings(warmUpRequests: 100))
    let warm = try #require(LatencyCounts(bounds: bounds, counts: [0, 60, 35, 4, 1, 0, 0]))
    let none = try #require(LatencyCounts(bounds: bounds, counts: [0, 0, 0, 0, 0, 0, 0]))
    test.add(baseline: warm, canary: none)
    #expect(test.levels.map(\.threshold) == [2, 5, 10, 20])
    #expect(test.levels.map(\.limit) == [10, 10, 20, 50])
    let canary = try #require(LatencyCounts(bounds: bounds, counts: [0, 0, 0, 0, 90, 6, 4]))
    test.add(baseline: warm, canary: canary)
    #expect(test.levels.map(\.canary.errors) == [100, 100, 10, 4])
    #expect(test.levels.map(\.baseline.errors) == [40, 5, 1, 0])
    let other = try #require(LatencyCounts(bounds: [1, 2], counts: [1, 2, 3]))
    test.add(baseline: other, canary: other)
    #expect(test.refused == 1 && test.missing.contains { $0.contains("buckets changed") })
  }

  @Test func `a quantile beyond the last bucket is named and not judged`() throws {
    var test = LatencyTest(settings: LatencySettings(warmUpRequests: 10))
    let warm = try #require(LatencyCounts(bounds: [10], counts: [8, 2]))
    for _ in 0..<3 { test.add(baseline: warm, canary: warm) }
    #expect(test.missing.contains { $0.contains("p90") })
    #expect(test.levels[3].logESlower == 0)
  }

  @Test(
    arguments: [
      ([], [1]), ([1], [1]), ([2, 1], [0, 0, 0]), ([1, 1], [0, 0, 0]), ([0], [0, 0]), ([.nan], [0, 0]), ([1], [-1, 0]),
      ([.infinity], [0, 0]), ([1], [.max, .max]), ([1], [1, 2, 3]),
    ] as [([Double], [Int])])
  func `what is no histogram is refused`(bounds: [Double], counts: [Int]) {
    #expect(LatencyCounts(bounds: bounds, counts: counts) == nil)
  }

  @Test func `quantiles are within two percent, and what is no latency is left out`() throws {
    let counts = counts((1...1000).map(Double.init) + [.nan, -1, .infinity, 1e300])
    #expect(counts.total == 1000)
    for p in [0.001, 0.25, 0.5, 0.9, 0.99, 1] {
      let value = try #require(counts.quantile(p))
      #expect(value >= p * 1000 && value <= p * 1000 * 1.0201)
      #expect(counts.slower(than: value) <= Int((1 - p) * 1000) + 1)
    }
    let (low, high) = counts.bounds(0.5, alpha: 0.05)
    #expect(try #require(low) < 500 && 500 < (try #require(high)))
    #expect(LatencyCounts(milliseconds: []).quantile(0.5) == nil)
    #expect(counts.quantile(.nan) == nil)
  }

  @Test func `a stall is no regression, slow requests one by one are`() throws {
    var generator = SeededGenerator(seed: 9)
    let settings = LatencySettings(margin: 1.5, warmUpRequests: 200, minimumLooks: 8)
    func run(_ slow: (Int) -> Double) -> LatencyTest {
      var test = LatencyTest(settings: settings)
      test.add(baseline: counts((0..<400).map { _ in 5 + generator.uniform() }), canary: counts([]))
      for look in 0..<40 {
        let baseline = (0..<30).map { _ in 5 + generator.uniform() }
        let canary = (0..<30).map { _ in 6 + generator.uniform() + (generator.uniform() < slow(look) ? 150 : 0) }
        test.add(baseline: counts(baseline), canary: counts(canary))
      }
      return test
    }
    let stalled = run { $0 == 5 || $0 == 20 ? 0.9 : 0 }
    #expect(stalled.logE < log(20) && stalled.voidBecause != nil)
    let slow = run { _ in 0.1 }
    #expect(slow.logE > log(20) && slow.voidBecause == nil)
    let wholly = run { _ in 1 }
    #expect(wholly.logE > log(20) && !wholly.isNoSlower(beta: 0.05))
    let healthy = run { _ in 0 }
    #expect(healthy.logE < 0.1 && healthy.isNoSlower(beta: 0.05))
  }

  @Test func `state survives a restart bit by bit`() throws {
    var test = LatencyTest()
    for _ in 0..<12 {
      test.add(baseline: counts((1...100).map(Double.init)), canary: counts((30...129).map(Double.init)))
    }
    let copy = try JSONDecoder().decode(LatencyTest.self, from: JSONEncoder().encode(test))
    #expect(copy == test)
    #expect(test.levels.count == 4)
  }
}
