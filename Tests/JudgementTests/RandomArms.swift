import Foundation
import TestSupport

@testable import Judgement

extension SplitMix64 {
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
