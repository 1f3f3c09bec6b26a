import Foundation
import Testing

@testable import Judgement

@Suite struct MetricsJudgeTests {
  private func look(_ baseline: (Int, Int), _ canary: (Int, Int)) -> Look {
    Look(
      baseline: ArmCount(requests: baseline.0, errors: baseline.1),
      canary: ArmCount(requests: canary.0, errors: canary.1))
  }

  private func choose(_ n: Int, _ k: Int, _ p: Double) -> Double {
    (0..<k).reduce(1) { $0 * Double(n - $1) / Double($1 + 1) } * pow(p, Double(k)) * pow(1 - p, Double(n - k))
  }

  @Test func `errors alone are judged as by the canary's judge`() {
    var generator = SeededGenerator(seed: 31)
    var (metrics, plain) = (MetricsJudge(), CanaryJudge())
    for _ in 0..<300 {
      let look = look((100, generator.failures(of: 100, rate: 0.004)), (60, generator.failures(of: 60, rate: 0.01)))
      metrics.observe(MetricsLook(errors: look))
      plain.observe(look)
      #expect(metrics.verdict == plain.verdict && metrics.logE == plain.logEWorse)
    }
  }

  /// Exactly, over all outcomes of two looks: the weighted mean of dependent e-values is one.
  @Test func `evidence of errors, latency and status together has a mean of at most one`() {
    let (p, q) = (0.1, 0.2)
    func start() -> MetricsJudge {
      MetricsJudge(
        settings: JudgeSettings(margin: 1, tolerance: nil), latency: LatencyTest(thresholds: 1),
        status: StatusTest(margin: 1))
    }
    /// Every failure is also slow, and answered with 4xx: as dependent as can be.
    func add(_ judge: MetricsJudge, _ b: Int, _ c: Int) -> MetricsJudge {
      var next = judge
      next.observe(
        MetricsLook(
          errors: look((4, b), (3, c)), over: .init([b], [c]),
          status: .init([0, 4 - b, 0, b, 0, 0], [0, 3 - c, 0, c, 0, 0])))
      return next
    }
    func mean(_ judge: MetricsJudge, _ rates: [(Double, Double)]) -> Double {
      guard let (first, second) = rates.first else { return exp(judge.logE) }
      var sum = 0.0
      for b in 0...4 {
        for c in 0...3 {
          sum += choose(4, b, first) * choose(3, c, second) * mean(add(judge, b, c), Array(rates.dropFirst()))
        }
      }
      return sum
    }
    #expect(mean(start(), [(p, p), (q, q)]) <= 1 + 1e-12)
    #expect(mean(start(), [(p, p / 3), (q, q / 2)]) <= 1)
    #expect(mean(start(), [(p, 3 * p), (q, 3 * q)]) > 1)
  }

  @Test func `a canary that answers 403 where the baseline answers 200 is found`() {
    var judge = MetricsJudge(settings: JudgeSettings(tolerance: nil), status: StatusTest())
    var looks = 0
    while judge.verdict == .continue, looks < 100 {
      judge.observe(
        MetricsLook(
          errors: look((100, 0), (100, 0)), status: .init([0, 100, 0, 0, 0, 0], [0, 97, 0, 3, 0, 0])))
      looks += 1
    }
    #expect(judge.verdict == .regression && judge.ground == "status 4xx" && looks < 10)
    #expect(judge.status?.logEDifferent ?? 0 > 1)
    var better = MetricsJudge(settings: JudgeSettings(tolerance: nil), status: StatusTest())
    for _ in 0..<100 {
      better.observe(
        MetricsLook(
          errors: look((100, 0), (100, 0)), status: .init([0, 97, 0, 3, 0, 0], [0, 100, 0, 0, 0, 0])))
    }
    #expect(better.verdict != .regression && (better.status?.logEDifferent ?? 0) > 3)
  }

  @Test func `good news needs the latency, too`() throws {
    let fast = LatencyCounts(milliseconds: Array(repeating: 5, count: 200))
    let slow = LatencyCounts(milliseconds: Array(repeating: 5, count: 180) + Array(repeating: 200, count: 20))
    let settings = LatencySettings(margin: 1.5, warmUpRequests: 200)
    var judge = MetricsJudge(latency: LatencyTest(settings: settings))
    judge.observe(MetricsLook(errors: look((200, 0), (200, 0)), latency: .init(fast, fast)))
    judge.observe(MetricsLook(errors: look((200, 0), (200, 0)), latency: nil))
    #expect(judge.errors.verdict == .noWorse && judge.verdict == .continue)
    #expect(judge.missing.contains { $0.contains("no latencies") })
    var slower = judge
    for _ in 0..<5 {
      judge.observe(MetricsLook(errors: look((200, 0), (200, 0)), latency: .init(fast, fast)))
      slower.observe(MetricsLook(errors: look((200, 0), (200, 0)), latency: .init(fast, slow)))
    }
    #expect(judge.verdict == .noWorse && judge.conclusion == .pass)
    #expect(slower.verdict == .regression && slower.ground == "latency")
    #expect(try JSONDecoder().decode(MetricsJudge.self, from: JSONEncoder().encode(slower)) == slower)
  }

  @Test func `a metric among thousands is judged alike, in 200 bytes`() {
    #expect(MemoryLayout<MetricJudge>.stride <= 200)
    let settings = JudgeSettings(margin: 1.5, tolerance: nil)
    var generator = SeededGenerator(seed: 12)
    for canaryRate in [0.005, 0.03] {
      var (small, whole) = (MetricJudge(), CanaryJudge(settings: settings))
      for _ in 0..<400 {
        let look = look(
          (100, generator.failures(of: 100, rate: 0.005)), (80, generator.failures(of: 80, rate: canaryRate)))
        small.observe(look, settings: settings)
        whole.observe(look)
        #expect(small.verdict == whole.verdict && small.logEWorse == whole.logEWorse)
      }
    }
    var refusing = MetricJudge()
    let accepted = refusing.observe(look((1, 2), (0, 0)), settings: settings)
    #expect(!accepted && refusing == MetricJudge())
  }

  @Test func `the interval stays finite and right at counts of 1e18`() throws {
    let odd = [0, 1, 7, 1_000_000, 1_000_000_000_000_000, ArmCount.greatest]
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      var test = RateRatioTest()
      for _ in 0..<6 {
        func arm() -> ArmCount {
          let requests = odd.randomElement(using: &generator) ?? 0
          let errors = min(requests, odd.randomElement(using: &generator) ?? 0)
          return ArmCount(requests: requests, errors: errors)
        }
        test.add(Look(baseline: arm(), canary: arm()))
        let (low, high) = test.ratio(alpha: 0.05)
        #expect(!low.isNaN && low <= high ?? .infinity)
        #expect(try JSONDecoder().decode(RateRatioTest.self, from: JSONEncoder().encode(test)) == test)
      }
    }
    var all = RateRatioTest()
    all.add(look((10, 0), (ArmCount.greatest, ArmCount.greatest)))
    all.add(look((1000, 10), (1000, 20)))
    #expect(all.ratio(alpha: 0.05).low.isFinite)
  }
}
