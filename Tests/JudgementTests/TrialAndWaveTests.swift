import Foundation
import TestSupport
import Testing

@testable import Judgement

@Suite struct SteadyStateTests {
  private func state(_ success: Double = 0.95, within: Double = 5) -> SteadyState {
    SteadyState(minimumSuccess: success, recoveryWithin: within)
  }

  private func arm(_ requests: Int, _ errors: Int) -> ArmCount { ArmCount(requests: requests, errors: errors) }

  @Test func `no data is inconclusive`() {
    var state = state()
    #expect(state.verdict == .inconclusive)
    state.observeDuringFault(arm(200, 0))
    #expect(state.duringFault.verdict == .pass)
    #expect(state.verdict == .inconclusive)
    #expect(state.recovery.missing == "no data: no request was answered or refused after the fault")
  }

  @Test func `passes when both phases are shown to hold`() {
    var state = state()
    state.observeDuringFault(arm(300, 3))
    for second in 0..<8 { state.observeAfterFault(arm(20, 0), from: Double(second), to: Double(second + 1)) }
    #expect(state.duringFault.verdict == .pass)
    #expect(state.verdict == .pass)
    #expect(state.recovery.missing.isEmpty)
  }

  @Test func `recovery late but in time passes, too late fails`() {
    var inTime = state(within: 5)
    var tooLate = state(within: 5)
    inTime.observeDuringFault(arm(300, 0))
    tooLate.observeDuringFault(arm(300, 0))
    for second in 0..<15 {
      let (from, to) = (Double(second), Double(second + 1))
      inTime.observeAfterFault(arm(20, second < 4 ? 20 : 0), from: from, to: to)
      tooLate.observeAfterFault(arm(20, second < 9 ? 20 : 0), from: from, to: to)
    }
    #expect(inTime.verdict == .pass)
    #expect(tooLate.recovery.verdict == .fail)
    #expect(tooLate.verdict == .fail)
  }

  @Test func `a share below the minimum fails, one near it stays open`() {
    var low = state()
    low.observeDuringFault(arm(100, 30))
    #expect(low.duringFault.verdict == .fail)
    #expect(low.verdict == .fail)
    var near = state()
    near.observeDuringFault(arm(100, 6))
    #expect(near.duringFault.verdict == .inconclusive)
    #expect(near.duringFault.missing.contains("neither show nor refute"))
    var few = state()
    few.observeDuringFault(arm(20, 0))
    #expect(few.duringFault.missing.contains("too few"))
  }

  @Test func `failures crowded where the fault begins count by their share of its whole time`() {
    var state = SteadyState(minimumSuccess: 0.95, recoveryWithin: 3)
    state.observeDuringFault(arm(24, 12))
    #expect(state.duringFault.verdict == .fail)
    state.observeDuringFault(arm(243, 0))
    #expect(state.duringFault.verdict == .inconclusive)
    state.observeDuringFault(arm(600, 0))
    #expect(state.duringFault.verdict == .pass)
  }

  @Test func `all of them can be refuted but not shown`() {
    var state = state(1)
    state.observeDuringFault(arm(100_000, 0))
    #expect(state.duringFault.verdict == .inconclusive)
    state.observeDuringFault(arm(1, 1))
    #expect(state.verdict == .fail)
  }

  @Test func `impossible input is a reason`() {
    var negative = state()
    negative.observeDuringFault(arm(-5, 0))
    #expect(negative.duringFault.missing.contains("negative"))
    #expect(SteadyState(minimumSuccess: 1.5, recoveryWithin: 1).recovery.missing.contains("success share"))
    #expect(SteadyState(minimumSuccess: .nan, recoveryWithin: 1).verdict == .inconclusive)
    var backwards = state()
    backwards.observeAfterFault(arm(5, 0), from: 3, to: 2)
    #expect(backwards.recovery.verdict == .inconclusive)
  }

  @Test func `a hypothesis that just holds is seldom called failed`() {
    var generator = SplitMix64(77)
    let failures = (0..<400).count { _ in
      var state = state(0.95, within: 2)
      for _ in 0..<60 { state.observeDuringFault(generator.arm(10, rate: 0.05)) }
      for second in 0..<60 {
        state.observeAfterFault(generator.arm(10, rate: 0.05), from: Double(second), to: Double(second + 1))
      }
      return state.verdict == .fail
    }
    #expect(failures <= 33)
  }
}

@Suite struct ChangeDetectorTests {
  @Test func `without a baseline silence means nothing`() {
    var detector = ChangeDetector(baseline: ArmCount())
    detector.observe(ArmCount(requests: 100, errors: 100))
    #expect(!detector.alarmed)
    #expect(detector.verdict == .inconclusive)
    #expect(detector.missing.first?.contains("rule out no error rate") == true)
  }

  @Test func `the accepted rate is the upper limit times the margin, at least the tolerance`() {
    let baseline = ArmCount(requests: 10_000, errors: 10)
    let limit = ErrorRateBound(baseline).upperBound(beta: 0.025)
    #expect(ChangeDetector(baseline: baseline, margin: 1.5).acceptedRate == limit * 1.5)
    #expect(ChangeDetector(baseline: baseline, margin: 1.5, tolerance: 0.01).acceptedRate == 0.01)
  }

  @Test func `verdicts`() {
    var detector = ChangeDetector(baseline: ArmCount(requests: 10_000, errors: 10), plannedLooks: 20)
    #expect(detector.verdict == .inconclusive)
    detector.observe(ArmCount(requests: 0, errors: 0))
    #expect(detector.looks == 0)
    detector.observe(ArmCount(requests: 100, errors: 0))
    #expect(detector.verdict == .pass)
    detector.observe(ArmCount(requests: 100, errors: 30))
    #expect(detector.verdict == .fail)
    var watched = ChangeDetector(baseline: ArmCount(requests: 10_000, errors: 10), plannedLooks: 2)
    for _ in 0..<3 { watched.observe(ArmCount(requests: 100, errors: 0)) }
    #expect(watched.verdict == .inconclusive)
    var broken = ChangeDetector(baseline: ArmCount(requests: 5, errors: 6))
    broken.observe(ArmCount(requests: 5, errors: -1))
    #expect(broken.verdict == .inconclusive)
  }
}

@Suite struct WaveEvidenceTests {
  @Test func `the mean finds all that a Bonferroni split finds`() {
    #expect(WaveEvidence.regressed([log(81), -50, -50, -50]))
    #expect(!WaveEvidence.regressed([log(79), -500, -500, -500]))
    #expect(WaveEvidence.regressed([log(21), log(21), log(21)]))
    #expect(WaveEvidence.culprits([log(81), -1, log(80.001), 0]) == [0, 2])
    #expect(WaveEvidence.mean([]) == 0)
    #expect(!WaveEvidence.regressed([]))
    #expect(WaveEvidence.mean([.nan, 0]) == -log(2))
  }

  @Test func `e-BH`() {
    // Four nulls at 0.05: the thresholds are 80, 40, 26.7 and 20.
    #expect(WaveEvidence.discoveries([log(45), log(1), log(41), log(2)]) == [0, 2])
    #expect(WaveEvidence.discoveries([log(45), log(1), log(39), log(2)]) == [])
    #expect(WaveEvidence.discoveries([log(21), log(21), log(21), log(21)]) == [0, 1, 2, 3])
    #expect(WaveEvidence.discoveries([]) == [])
  }
}
