import Foundation

@testable import Judgement

/// SplitMix64: the same numbers in every run.
struct FixedSeedGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Errors among `requests`, each wrong with probability `rate`; by gaps between errors, so rare ones cost little.
  mutating func errors(in requests: Int, rate: Double) -> Int {
    guard rate > 0 else { return 0 }
    let perSuccess = log1p(-rate)
    var (position, count) = (0.0, 0)
    while true {
      position +=
        (log(Double.random(in: Double.leastNormalMagnitude..<1, using: &self)) / perSuccess).rounded(.down) + 1
      guard position <= Double(requests) else { return count }
      count += 1
    }
  }

  mutating func arm(_ requests: Int, rate: Double) -> ArmCount {
    ArmCount(requests: requests, errors: errors(in: requests, rate: rate))
  }
}
