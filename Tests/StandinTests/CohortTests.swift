import StandinProtocol
import Testing

@Suite struct CohortTests {
  /// Users of a run seldom number more than some thousands; the share must hold for them too.
  @Test(arguments: [1, 5, 25, 50, 75])
  func shareIsKept(_ share: Int) {
    for count in [2_000, 100_000] {
      let canary = (0..<count).count { CohortAssignment.isCanary(user: $0, share: share) }
      let expected = Double(count * share) / 100
      // Four standard deviations of a fair draw.
      let tolerance = 4 * (expected * (1 - Double(share) / 100)).squareRoot()
      #expect(abs(Double(canary) - expected) <= tolerance, "\(canary) of \(count)")
    }
  }

  @Test func endsAreExact() {
    #expect(!(0..<10_000).contains { CohortAssignment.isCanary(user: $0, share: 0) })
    #expect((0..<10_000).allSatisfy { CohortAssignment.isCanary(user: $0, share: 100) })
  }

  @Test func growingShareKeepsEarlierUsers() {
    var before: Set<Int> = []
    for share in 0...100 {
      let now = Set((0..<3_000).filter { CohortAssignment.isCanary(user: $0, share: share) })
      #expect(now.isSuperset(of: before))
      before = now
    }
  }

  /// Slots are part of the protocol: another version's stand-in must put a user into the same cohort.
  @Test func slotsNeverChange() {
    #expect((0..<5).map(CohortAssignment.slot(ofUser:)) == [3799, 5629, 8163, 2301, 6700])
  }
}
