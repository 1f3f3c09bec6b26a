import Diagnostics
import FleetModel
import Planning
import Rollout
import Synchronization
import Testing

@testable import Composition

@Suite("A wave on a cluster")
struct WaveSteeringTests {
  private struct Home: RolloutHome {
    var isAborted = false
    func fleet() async throws -> String? { nil }
    func begin(fleet: String) async throws {}
    func withJournal<Value: Sendable>(_ body: @Sendable (any Journal) async throws -> Value) async throws -> Value {
      try await body(InMemoryJournal())
    }
    func kept(_ file: RunFile) async throws -> String? { nil }
    func keep(_ text: String, as file: RunFile) async throws {}
    func wishes(wave: Int) -> RolloutWishes { RolloutWishes(isAborted: isAborted) }
  }

  private final class Ears: RolloutObserver {
    let waits = Mutex<[String]>([])
    func observe(_ progress: RolloutProgress) async {
      if case .awaitingTime(let wave, let start) = progress { waits.withLock { $0.append("\(wave) \(start)") } }
    }
  }

  private static let wave = Wave(
    index: 0, name: "wave-1", workloads: [], steps: [],
    window: TimeWindow(start: Instant(seconds: 1_000), end: Instant(seconds: 2_000)))

  /// Each time that it is asked for it is half a minute later.
  private func steering(from seconds: Int, _ home: Home = Home(), _ ears: Ears = Ears()) -> WaveSteering {
    let clock = SteppingClock(seconds)
    return WaveSteering(home: home, observer: ears) { clock.next() }
  }

  private final class SteppingClock: Sendable {
    private let seconds: Mutex<Int>
    init(_ seconds: Int) { self.seconds = Mutex(seconds) }
    func next() -> Instant {
      seconds.withLock {
        $0 += 30
        return Instant(seconds: $0)
      }
    }
  }

  @Test("waits for its time, and says so once")
  func waits() async throws {
    let ears = Ears()
    try await steering(from: 900, Home(), ears).mayBegin(Self.wave)
    #expect(ears.waits.withLock(\.self) == ["wave-1 1970-01-01T00:16:40Z"])
    try await steering(from: 1_000, Home(), ears).mayBegin(Self.wave)
    #expect(ears.waits.withLock(\.count) == 1)
  }

  @Test("does not wait once the run is aborted, which what follows hears")
  func aborted() async throws {
    let steering = steering(from: -1_000_000, Home(isAborted: true))
    try await steering.mayBegin(Self.wave)
    await #expect(throws: BulkheadError.self) { try await steering.mayGoOn(Self.wave) }
  }

  @Test("does not begin when its time is over, and goes on where it had begun")
  func over() async throws {
    try await steering(from: 1_900).mayBegin(Self.wave)
    let error = await #expect(throws: BulkheadError.self) { try await steering(from: 1_970).mayBegin(Self.wave) }
    #expect(error?.message.contains("1970-01-01T00:33:20Z") == true)
    try await steering(from: 5_000).mayGoOn(Self.wave)
  }

  @Test("is refused on another cluster, out of its time, and where its pods share their node's network")
  func required() throws {
    var fleet = Fleet()
    fleet.workloads = ["agent", "web"].map { name in
      Workload(
        id: ObjectReference(kind: "Deployment", namespace: "shop", name: name),
        location: Diagnostics.SourceLocation(file: "cluster", line: 0))
    }
    var plan = Plan(mesh: "envoy", fleetDigest: "", waves: [Self.wave], refusals: [])
    plan.waves[0].workloads = fleet.workloads.map(\.id)
    func require(_ context: String, at seconds: Int = 1_500) throws {
      try ClusterRun.require(plan, fits: fleet, context: context, at: Instant(seconds: seconds))
    }
    try require("anything")
    let early = #expect(throws: BulkheadError.self) { try require("anything", at: 999) }
    let late = #expect(throws: BulkheadError.self) { try require("anything", at: 2_000) }
    #expect(early?.exit == .tryAgain && late?.exit == .configuration)
    plan.cluster = "staging"
    try require("staging")
    try require("in-cluster")
    let other = #expect(throws: BulkheadError.self) {
      try require("production")
    }
    #expect(other?.exit == .configuration && other?.message.contains("staging") == true)
    fleet.workloads[0].pod.hostNetwork = true
    let shared = #expect(throws: BulkheadError.self) { try require("staging") }
    #expect(shared?.exit == .configuration && shared?.message.contains("shop/agent[Deployment]") == true)
    #expect(shared?.message.contains("shop/web") == false)
  }
}
