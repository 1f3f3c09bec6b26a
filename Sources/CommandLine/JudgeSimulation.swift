import Foundation
import Judgement

/// One simulated canary after the other, looked at each second.
enum JudgeSimulation {
  /// How the common error rate and the traffic go, the same in both arms.
  enum Traffic: String, CaseIterable, Sendable {
    case constant
    /// Requests swing between a half and three halves, errors between a half and twice, once in the run.
    case day
    /// Constant, with ten seconds of twenty times the errors every three minutes or so.
    case bursts
  }

  struct Setup {
    var rates: (baseline: Double, canary: Double)
    var rate: Int
    var seconds: Int
    var settings: JudgeSettings
    var traffic = Traffic.constant
  }

  /// The second of the alarm; nil where there is none.
  static func detection(_ setup: Setup, _ generator: inout SeededGenerator) -> Int? {
    var judge = MetricJudge()
    var burstEnds = 0
    for second in 1...setup.seconds {
      var (requests, factor) = (setup.rate, 1.0)
      switch setup.traffic {
      case .constant: break
      case .day:
        let phase = sin(2 * .pi * Double(second) / Double(setup.seconds))
        (requests, factor) = (Int(Double(setup.rate) * (1 + phase / 2)), pow(2, phase))
      case .bursts:
        if second > burstEnds, generator.uniform() < 1 / 180.0 { burstEnds = second + 9 }
        if second <= burstEnds { factor = 20 }
      }
      func arm(_ rate: Double) -> ArmCount {
        ArmCount(requests: requests, errors: generator.failures(of: requests, rate: min(0.5, rate * factor)))
      }
      let look = Look(baseline: arm(setup.rates.baseline), canary: arm(setup.rates.canary))
      judge.observe(look, settings: setup.settings)
      if judge.verdict == .regression { return second }
    }
    return nil
  }

  /// Latencies are lognormal with median 20 ms; `slowShare` of the canary's requests take `plus` ms longer, and all of
  /// them `sidecar` ms. Seconds after the warm-up.
  static func slowness(
    _ setup: Setup, slowShare: Double, plus: Double, sidecar: Double, _ generator: inout SeededGenerator
  ) -> Int? {
    var test = LatencyTest()
    func latency() -> Double { 20 * exp(0.5 * generator.normal()) }
    let none = LatencyCounts(milliseconds: [])
    while test.levels.isEmpty {
      test.add(baseline: LatencyCounts(milliseconds: (0..<setup.rate).map { _ in latency() }), canary: none)
    }
    for second in 1...setup.seconds {
      let baseline = (0..<setup.rate).map { _ in latency() }
      let canary = (0..<setup.rate).map { _ in
        latency() + sidecar + (generator.uniform() < slowShare ? plus : 0)
      }
      test.add(baseline: LatencyCounts(milliseconds: baseline), canary: LatencyCounts(milliseconds: canary))
      if test.logE >= -log(setup.settings.alpha) { return second }
    }
    return nil
  }

  /// Judges so many metrics `looks` times; how long each round took is the caller's to measure.
  static func table(metrics: Int, looks: Int, _ generator: inout SeededGenerator) -> (regressions: Int, bytes: Int) {
    let settings = JudgeSettings(alpha: 0.05, margin: 1.5, tolerance: nil)
    var judges = Array(repeating: MetricJudge(), count: metrics)
    let looksOfAll = (0..<64).map { _ in
      func arm() -> ArmCount { ArmCount(requests: 1000, errors: generator.failures(of: 1000, rate: 0.005)) }
      return Look(baseline: arm(), canary: arm())
    }
    for look in 0..<looks {
      for index in judges.indices { judges[index].observe(looksOfAll[(index &+ look) & 63], settings: settings) }
    }
    let found = WaveEvidence.discoveries(judges.map(\.logEWorse), rate: settings.alpha)
    return (found.count, MemoryLayout<MetricJudge>.stride)
  }
}
