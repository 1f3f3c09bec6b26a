import FleetModel
import IntentModel
import Testing
import Trials

@testable import Rollout

@Suite struct SlowCallTests {
  private static let bounds = [1.0, 10, 100, 1000]

  private func id(_ name: String) -> ObjectReference { ObjectReference(kind: "Deployment", namespace: "s", name: name) }

  /// - Parameter calls: caller, target, and in which bucket a hundred calls fall.
  private func snapshot(_ calls: [(String, String, Int)], after earlier: TrafficSnapshot = .init()) -> TrafficSnapshot {
    var snapshot = earlier
    for (caller, target, bucket) in calls {
      for cohort in [Cohort.stable, .canary] {
        let edge = Edge(caller: id(caller), target: id(target), cohort: cohort)
        var tally = snapshot.latency[edge] ?? LatencyTally(bounds: Self.bounds, counts: [0, 0, 0, 0, 0])
        tally.counts[bucket] += 50
        snapshot.latency[edge] = tally
      }
    }
    return snapshot
  }

  private func slow(_ calls: [(String, String, before: Int, during: Int)]) -> [String] {
    // What was slow long before does not count.
    let calm = snapshot(calls.flatMap { call in Array(repeating: (call.0, call.1, 4), count: 3) })
    let start = snapshot(calls.map { ($0.0, $0.1, $0.before) }, after: calm)
    let end = snapshot(calls.map { ($0.0, $0.1, $0.during) }, after: start)
    return SlowCall.between(calm: calm, start: start, end: end).map(\.text)
  }

  @Test func theCallBehindWhichNothingIsSlowIsNamed() {
    let found = slow([
      ("users", "gateway", 1, 3), ("gateway", "cart", 1, 3), ("gateway", "ads", 1, 1), ("cart", "db", 0, 1),
    ])
    #expect(found == ["gateway → cart (median 1000 ms, 10 ms before)"])
  }

  @Test func littleIsNotSlow() {
    #expect(slow([("a", "b", 0, 1)]) == [], "ten times as long, and still nothing")
    #expect(slow([("a", "b", 2, 2)]) == [])
  }

  @Test func aCircleAndACallWithoutAnEndAreNamedAll() {
    #expect(slow([("a", "b", 0, 3), ("b", "a", 0, 4)]).count == 2)
    #expect(slow([("a", "b", 0, 4)]) == ["a → b (median 1000 ms, 1 ms before)"], "as much as is known")
  }

  @Test func aCallThatWasNeverMadeBeforeIsNotCompared() {
    #expect(SlowCall.between(calm: .init(), start: .init(), end: snapshot([("a", "b", 3)])) == [])
  }
}
