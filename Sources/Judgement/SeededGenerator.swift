import Foundation

/// SplitMix64: the same numbers from the same seed in every run, for simulations.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in (0, 1).
  package mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

  /// Failures among independent requests, by the gaps between them, so that rare ones cost little.
  package mutating func failures(of requests: Int, rate: Double) -> Int {
    guard rate > 0 else { return 0 }
    guard rate < 1 else { return requests }
    let perSuccess = log1p(-rate)
    var (position, count) = (0.0, 0)
    while true {
      position += (log(uniform()) / perSuccess).rounded(.down) + 1
      guard position <= Double(requests) else { return count }
      count += 1
    }
  }

  package mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}
