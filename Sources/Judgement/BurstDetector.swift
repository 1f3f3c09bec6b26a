/// Do errors come one by one, as every count test assumes, or in bursts (retries of one request, one broken
/// connection)? Bursts that hit both arms alike cancel; those of one arm void the guarantee on false alarms, and then
/// the output says so.
///
/// With y = canary errors - traffic ratio × baseline errors, independent errors make half the mean square of
/// successive differences of y equal to canary errors + ratio² × baseline errors, whatever the trend. The greatest
/// difference is left out: a regression that begins makes one, a burst makes two.
package struct BurstDetector: Codable, Sendable, Equatable {
  private var last: Double?
  private var squares = 0.0
  private var greatest = 0.0
  private var expected = 0.0
  private var errors = 0.0
  private var largestLook = 0.0
  package private(set) var looks = 0

  package init() {}

  /// The look must be without a `problem`.
  package mutating func add(_ look: Look) {
    guard look.baseline.requests > 0, look.canary.requests > 0 else { return }
    let ratio = Double(look.canary.requests) / Double(look.baseline.requests)
    let (canary, baseline) = (Double(look.canary.errors), Double(look.baseline.errors))
    let y = canary - ratio * baseline
    if let last {
      let square = (y - last) * (y - last)
      squares += square
      greatest = max(greatest, square)
    }
    last = y
    expected += canary + ratio * ratio * baseline
    errors += canary
    largestLook = max(largestLook, canary)
    looks += 1
  }

  /// Variance over that of independent errors: 1 where they are independent.
  package var dispersion: Double { expected > 0 ? (squares - greatest) / 2 / expected : 1 }

  /// Why the guarantee does not hold; nil where nothing speaks against it.
  package var voidBecause: String? {
    guard errors >= 5 else { return nil }
    if looks >= 10, dispersion > 3 {
      return "errors come in bursts (\((dispersion * 10).rounded() / 10) times the variance of independent ones); "
        + "count first attempts"
    }
    if looks >= 3, largestLook > errors / 2 {
      return "most of the canary's errors came in one look: a burst cannot be told from a regression yet"
    }
    return nil
  }
}

/// Leaves out what was counted before: retries and duplicates that carry the identifier of their request.
///
/// Remembers the latest identifiers by their 64-bit FNV-1a hash, in bounded memory.
package struct RequestFilter: Codable, Sendable, Equatable {
  package let capacity: Int
  package private(set) var duplicates = 0
  private var order: [UInt64] = []
  private var oldest = 0
  private var known: Set<UInt64> = []

  package init(capacity: Int = 65_536) { self.capacity = max(1, capacity) }

  /// True the first time an identifier comes.
  package mutating func isFirst(_ identifier: String) -> Bool {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in identifier.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    guard known.insert(hash).inserted else {
      duplicates += 1
      return false
    }
    if order.count < capacity {
      order.append(hash)
    } else {
      known.remove(order[oldest])
      order[oldest] = hash
      oldest = (oldest + 1) % capacity
    }
    return true
  }
}
