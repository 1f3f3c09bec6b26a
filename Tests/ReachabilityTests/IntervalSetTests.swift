import TestSupport
import Testing

@testable import Reachability

@Suite struct IntervalSets {
  private static func random(_ generator: inout SplitMix64) -> IntervalSet<UInt8> {
    let intervals = (0..<generator.below(6)).map { _ in
      let low = UInt8(generator.below(256))
      return IntervalSet<UInt8>.Interval(
        low, UInt8(min(255, Int(low) + generator.below(40) - 2 < 0 ? 0 : Int(low) + generator.below(40))))
    }
    return IntervalSet(normalising: intervals)
  }

  @Test func agreeWithPlainSets() {
    var generator = SplitMix64(3)
    for _ in 0..<4_000 {
      let (a, b) = (Self.random(&generator), Self.random(&generator))
      let (plainA, plainB) = (Self.members(a), Self.members(b))
      #expect(Self.members(a.union(b)) == plainA.union(plainB))
      #expect(Self.members(a.intersection(b)) == plainA.intersection(plainB))
      #expect(Self.members(a.subtracting(b)) == plainA.subtracting(plainB))
      #expect(a.count == plainA.count)
      #expect((0...255).allSatisfy { a.contains(UInt8($0)) == plainA.contains($0) })
      #expect(IntervalSet(ascending: plainA.sorted().map { UInt8($0) }) == a, "one representation for equal sets")
    }
  }

  private static func members(_ set: IntervalSet<UInt8>) -> Set<Int> {
    Set(set.intervals.flatMap { Int($0.low)...Int($0.high) })
  }
}
