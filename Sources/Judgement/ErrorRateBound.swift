import Foundation

/// What one arm's requests say about its error rate, at any time (formula 4, one-sided). State: two integers.
///
/// Evidence against "rate ≥ p": the likelihood of the counts, mixed over all rates q < p with the prior Beta(1/2, 1)
/// cut off at p, over the likelihood at p. With k errors of n and G(a, b) = ln of I_p(a, b) over
/// p^a (1-p)^b / B(a, b),
///
///     ln E = G(1/2 + k, 1 + n - k) - G(1/2, 1).
///
/// The prior leans towards zero, so that healthy arms pass early: at p = 1 % and β = 0.05, 377 requests without an
/// error are enough, 663 with one, 883 with two (299 would be the least for any test that zero errors can pass).
package struct ErrorRateBound: Codable, Sendable, Equatable {
  package private(set) var count: ArmCount

  package init(_ count: ArmCount = ArmCount()) { self.count = count }

  /// ln E against "error rate ≥ tolerance". 0 with no data; the counts must be without a `problem`.
  package func logEBelow(_ tolerance: Double) -> Double {
    guard tolerance > 0 else { return 0 }
    // Nothing is above certainty: with p ≥ 1 one success refutes the null.
    guard tolerance < 1 else { return count.requests > count.errors ? .greatestFiniteMagnitude : 0 }
    let errors = Double(count.errors)
    let successes = Double(count.requests - count.errors)
    return IncompleteBeta(0.5 + errors, 1 + successes, tolerance).logLowerOverKernel
      - IncompleteBeta(0.5, 1, tolerance).logLowerOverKernel
  }

  /// The rate that is not reached, with probability 1 - beta at all times together; 1 with no data.
  package func upperBound(beta: Double) -> Double {
    guard count.requests > count.errors else { return 1 }
    let needed = -log(beta)
    let seen = Double(count.errors) / Double(count.requests)
    var (low, high) = (log(max(seen, 1e-20)), 0.0)
    for _ in 0..<64 {
      let middle = (low + high) / 2
      if logEBelow(exp(middle)) >= needed { high = middle } else { low = middle }
    }
    return exp(high)
  }

  /// How many requests in all, with `errors` errors among them, show a rate below the tolerance.
  package static func requestsNeeded(errors: Int, tolerance: Double, beta: Double) -> Int? {
    guard errors >= 0, errors <= ArmCount.greatest / 4, tolerance > 0, tolerance < 1, beta > 0 else { return nil }
    func shown(_ requests: Int) -> Bool {
      ErrorRateBound(ArmCount(requests: requests, errors: errors)).logEBelow(tolerance) >= -log(beta)
    }
    var (low, high) = (errors, errors + 1)
    while !shown(high) {
      guard high < ArmCount.greatest / 2 else { return nil }
      (low, high) = (high, high * 2)
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if shown(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
