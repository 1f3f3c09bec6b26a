import Glibc

/// Cheap randomness for latencies and trace ids: SplitMix64, seeded by the kernel once. Not for secrets.
final class RandomSource {
  private var state: UInt64
  private var spare: Double?

  init() {
    var system = SystemRandomNumberGenerator()
    state = system.next()
  }

  func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// In (0, 1].
  private func unit() -> Double { (Double(next() >> 11) + 1) * 0x1p-53 }

  /// Standard normal, by Box and Muller, two at a time.
  private func normal() -> Double {
    if let ready = spare {
      spare = nil
      return ready
    }
    let radius = (-2 * log(unit())).squareRoot()
    let angle = 2 * Double.pi * unit()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }

  /// Lognormal around its median; 0 for a median of 0 or less. Same unit as the median.
  func lognormal(median: Double, sigma: Double) -> Double {
    guard median > 0 else { return 0 }
    return sigma > 0 ? median * exp(sigma * normal()) : median
  }
}
