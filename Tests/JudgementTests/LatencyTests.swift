import Foundation
import Testing

@testable import Judgement

@Suite struct LatencyTests {
  /// Seconds after the warm-up until found; nil within the limit.
  private func found(
    seed: UInt64, limit: Int, slowShare: Double, plus: Double, factor: Double = 1, sidecar: Double = 0
  ) -> Int? {
    var generator = SeededGenerator(seed: seed)
    var test = LatencyTest()
    func normal() -> Double { 20 * exp(0.5 * generator.normal()) }
    while test.thresholds.isEmpty { test.add(baseline: (0..<3000).map { _ in normal() }, canary: []) }
    for second in 1...limit {
      let baseline = (0..<100).map { _ in normal() }
      let canary = (0..<100).map { _ in
        normal() * factor + sidecar + (generator.uniform() < slowShare ? plus : 0)
      }
      test.add(baseline: baseline, canary: canary)
      if test.logE >= log(20) { return second }
    }
    return nil
  }

  @Test func `one request in a hundred 150 ms slower is found within a minute`() {
    let times = (1...31).map { found(seed: $0, limit: 200, slowShare: 0.01, plus: 150) ?? .max }.sorted()
    #expect(times[15] <= 60, "\(times)")
  }

  @Test func `a sidecar within its budget is left alone`() {
    let alarms = (1...40).count { found(seed: $0, limit: 200, slowShare: 0, plus: 0, sidecar: 2) != nil }
    // Three sigma above 5 %.
    #expect(alarms <= 6)
    #expect(found(seed: 1, limit: 60, slowShare: 0, plus: 0, sidecar: 15) != nil)
  }

  @Test func `values that are no latencies are left out with a reason`() {
    var test = LatencyTest()
    test.add(baseline: [.nan, -1, .infinity, 1e300, 5], canary: [.nan])
    #expect(test.refused == 5)
    #expect(test.missing.count == 2)
    #expect(test.logE == 0)
    #expect(MeshBudget().allowance(for: 20) == 5 && MeshBudget().allowance(for: 200) == 20)
  }

  @Test func `state survives a restart bit by bit`() throws {
    var test = LatencyTest()
    for _ in 0..<12 { test.add(baseline: (1...100).map(Double.init), canary: (30...129).map(Double.init)) }
    let copy = try JSONDecoder().decode(LatencyTest.self, from: JSONEncoder().encode(test))
    #expect(copy == test)
    #expect(test.logE > 0)
  }
}
