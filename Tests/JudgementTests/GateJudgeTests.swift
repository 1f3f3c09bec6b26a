import Foundation
import Testing

@testable import Judgement

@Suite struct GateJudgeTests {
  private func reading(
    _ from: Double, _ to: Double, _ baseline: (Double?, Double?), _ canary: (Double?, Double?)
  ) -> Reading {
    Reading(
      from: from, to: to, baseline: ArmReading(requests: baseline.0, errors: baseline.1),
      canary: ArmReading(requests: canary.0, errors: canary.1))
  }

  private func accept(_ data: inout DataGuard, _ reading: Reading) -> Look? { data.accept(reading) }

  @Test func `what cannot be judged is named and changes no evidence`() {
    typealias Case = (Reading, (DataProblem) -> Bool)
    let cases: [Case] = [
      (reading(1, 2, (nil, 0), (1, 0)), { if case .noData = $0 { true } else { false } }),
      (reading(1, 2, (.nan, 0), (1, 0)), { if case .notANumber = $0 { true } else { false } }),
      (reading(1, 2, (-1, 0), (1, 0)), { if case .negative = $0 { true } else { false } }),
      (reading(1, 2, (1e30, 0), (1, 0)), { if case .absurd = $0 { true } else { false } }),
      (reading(1, 2, (1.5, 0), (1, 0)), { if case .absurd = $0 { true } else { false } }),
      (reading(1, 2, (1, 2), (1, 0)), { if case .moreErrorsThanRequests = $0 { true } else { false } }),
      (reading(0.5, 2, (1, 0), (1, 0)), { if case .overlap = $0 { true } else { false } }),
      (reading(-9, -8, (1, 0), (1, 0)), { if case .clockJump = $0 { true } else { false } }),
      (reading(5, 4, (1, 0), (1, 0)), { if case .clockJump = $0 { true } else { false } }),
      (reading(1e9, 1e9 + 1, (1, 0), (1, 0)), { if case .clockJump = $0 { true } else { false } }),
    ]
    for (bad, isExpected) in cases {
      var data = DataGuard()
      #expect(accept(&data, reading(0, 1, (10, 0), (10, 0))) != nil)
      #expect(accept(&data, bad) == nil)
      #expect(data.latest.map(isExpected) == true, "\(bad): \(String(describing: data.latest))")
    }
  }

  @Test func `counters that go backwards start afresh`() {
    var data = DataGuard(kind: .counters)
    #expect(accept(&data, reading(0, 1, (100, 1), (100, 1))) == nil)
    #expect(accept(&data, reading(1, 2, (150, 1), (160, 3)))?.canary == ArmCount(requests: 60, errors: 2))
    #expect(accept(&data, reading(2, 3, (10, 0), (200, 3))) == nil)
    #expect(data.latest == .counterReset("baseline"))
    #expect(accept(&data, reading(3, 4, (20, 0), (210, 3)))?.baseline == ArmCount(requests: 10, errors: 0))
  }

  private func healthy(required: [String] = [], until end: Int = 20) -> GateJudge {
    var gate = GateJudge(deadline: 60, atDeadline: .rollBack, requiredSecuritySources: required)
    for second in 0..<end {
      gate.observe(reading(Double(second), Double(second) + 1, (100, 0), (100, 0)))
    }
    return gate
  }

  @Test func `good news needs fresh data without holes and every security source`() {
    #expect(healthy().evidence(at: 20).verdict == .pass)
    #expect(healthy().evidence(at: 90).verdict == .inconclusive)
    #expect(healthy().evidence(at: 90).decision == .rollBack)
    #expect(healthy().evidence(at: 40).verdict == .inconclusive)
    #expect(healthy(until: 0).evidence(at: 1).verdict == .inconclusive)
    #expect(healthy(until: 0).evidence(at: 1).decision == nil)
    var gate = healthy(required: ["sentry"])
    #expect(gate.evidence(at: 20).verdict == .inconclusive)
    gate.securityIsQuiet("sentry")
    #expect(gate.evidence(at: 20).verdict == .pass)
    gate.observe(CriticalSignal(name: "probe", at: 20, detail: "escaped"))
    #expect(gate.evidence(at: 20).verdict == .fail)
  }

  @Test func `latency stands in the gate's evidence with its budget`() {
    var gate = GateJudge(
      latency: LatencySettings(margin: 1.5, warmUpRequests: 50), deadline: 60, atDeadline: .rollBack)
    gate.warmUp(LatencyCounts(milliseconds: Array(repeating: 10, count: 60)))
    let (fast, slow) = (Array(repeating: 10.0, count: 90), Array(repeating: 60.0, count: 10))
    for second in 0..<10 {
      gate.observe(
        reading(Double(second), Double(second) + 1, (100, 0), (100, 0)),
        latency: .init(LatencyCounts(milliseconds: fast), LatencyCounts(milliseconds: fast + slow)))
    }
    let evidence = gate.evidence(at: 10)
    #expect(evidence.verdict == .fail && evidence.ground == "latency")
    #expect(evidence.latency.allSatisfy { ($0.budgetMilliseconds ?? 0) >= 5 && $0.canarySlower == 0.1 })
  }

  @Test func `bursts of one arm void the guarantee, independent errors do not`() {
    var generator = SeededGenerator(seed: 8)
    var void = (independent: 0, common: 0, burst: 0, step: 0)
    for _ in 0..<50 {
      var detectors = Array(repeating: BurstDetector(), count: 4)
      for second in 0..<120 {
        func arm(_ rate: Double) -> ArmCount {
          ArmCount(requests: 100, errors: generator.failures(of: 100, rate: rate))
        }
        let hit = second % 20 == 7
        detectors[0].add(Look(baseline: arm(0.01), canary: arm(0.01)))
        detectors[1].add(Look(baseline: arm(hit ? 0.3 : 0.005), canary: arm(hit ? 0.3 : 0.005)))
        detectors[2].add(Look(baseline: arm(0.005), canary: arm(hit ? 0.3 : 0.005)))
        detectors[3].add(Look(baseline: arm(0.005), canary: arm(second > 60 ? 0.1 : 0.005)))
      }
      let flags = detectors.map { $0.voidBecause == nil ? 0 : 1 }
      void = (void.independent + flags[0], void.common + flags[1], void.burst + flags[2], void.step + flags[3])
    }
    #expect(void == (0, 0, 50, 0))
  }

  @Test func `retries with an identifier count once`() {
    var filter = RequestFilter(capacity: 2)
    let first = ["a", "b", "a", "b", "c", "a"].map { filter.isFirst($0) }
    #expect(first == [true, true, false, false, true, true])
    #expect(filter.duplicates == 2)
  }

  @Test func `any stream of readings is survived, and its state survives a restart`() throws {
    var generator = SeededGenerator(seed: 2)
    let odd: [Double?] = [nil, .nan, .infinity, -1, 0, 1, 7, 1e3, 1e18, 1e19, -1e300, 0.5]
    for kind in [DataGuard.Kind.increments, .counters] {
      var gate = GateJudge(data: DataGuard(kind: kind), deadline: 100, atDeadline: .ask)
      for step in 0..<(ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 2000 : 200_000) {
        func any() -> Double? { odd.randomElement(using: &generator) ?? nil }
        let time = Double(step) + generator.normal()
        let end = Bool.random(using: &generator) ? time + 1 : any() ?? 0
        gate.observe(reading(time, end, (any(), any()), (any(), any())))
        if step % 100 == 0 {
          let evidence = gate.evidence(at: Double(step))
          #expect(!evidence.canary.logEWorse.isNaN && !evidence.missing.isEmpty)
          let copy = try JSONDecoder().decode(GateJudge.self, from: JSONEncoder().encode(gate))
          #expect(copy == gate)
        }
      }
    }
  }
}
