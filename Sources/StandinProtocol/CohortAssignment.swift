/// Which of the playing users belong to the canary. The answer for a user depends on the user's number and the share
/// alone, so a user stays in its cohort, and a growing share only ever adds users.
package enum CohortAssignment {
  /// A user's place in 0..<10000: FNV-1a (64 bit) over the eight bytes of the number, little-endian, then a final
  /// mix, since the low digits of plain FNV-1a are uneven for small numbers.
  package static func slot(ofUser user: Int) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var rest = UInt64(bitPattern: Int64(user))
    for _ in 0..<8 {
      hash = (hash ^ (rest & 0xff)) &* 0x0000_0100_0000_01b3
      rest >>= 8
    }
    hash ^= hash >> 32
    return Int(hash % 10_000)
  }

  /// - Parameter share: percent, 0…100.
  package static func isCanary(user: Int, share: Int) -> Bool { slot(ofUser: user) < share * 100 }
}
