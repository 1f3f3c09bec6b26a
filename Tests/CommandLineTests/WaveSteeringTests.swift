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
    try await steering(from: 900, Home(), ears).mayGoOn(Self.wave)
    #expect(ears.waits.withLock(\.self) == ["wave-1 1970-01-01T00:16:40Z"])
    try await steering(from: 1_000, Home(), ears).mayGoOn(Self.wave)
    #expect(ears.waits.withLock(\.count) == 1)
  }

  @Test("does not wait once the run is aborted")
  func aborted() async throws {
    await #expect(throws: BulkheadError.self) {
      try await steering(from: 0, Home(isAborted: true)).mayGoOn(Self.wave)
    }
  }

  @Test("does not begin when its time is over, and goes on where it had begun")
  func over() async throws {
    try steering(from: 1_900).mayBegin(Self.wave)
    let error = #expect(throws: BulkheadError.self) { try steering(from: 1_970).mayBegin(Self.wave) }
    #expect(error?.message.contains("1970-01-01T00:33:20Z") == true)
    try await steering(from: 5_000).mayGoOn(Self.wave)
  }

  @Test("lets calls through that only traffic showed, once each")
  func observed() {
    func call(_ host: String, _ evidence: Call.Evidence) -> Call {
      let id = ObjectReference(kind: "Deployment", namespace: "shop", name: "web")
      return Call(caller: id, service: nil, host: host, port: 80, target: id, wireProtocol: .http, evidence: evidence)
    }
    var fleet = Fleet()
    let wired = call("cart", .wiring(text: "CART=cart", location: SourceLocation(file: "cluster", line: 0)))
    fleet.calls = [wired]
    let (again, new) = (call("cart", .observed(.init(sources: ["f"]))), call("mail", .observed(.init(sources: ["f"]))))
    #expect(ClusterRun.adding([again, new], to: fleet).calls == [wired, new])
  }

  @Test("is refused on another cluster, and where its pods share their node's network")
  func required() throws {
    var fleet = Fleet()
    fleet.workloads = ["agent", "web"].map { name in
      Workload(
        id: ObjectReference(kind: "Deployment", namespace: "shop", name: name),
        location: SourceLocation(file: "cluster", line: 0))
    }
    var plan = Plan(mesh: "envoy", fleetDigest: "", waves: [Self.wave], refusals: [])
    plan.waves[0].workloads = fleet.workloads.map(\.id)
    try ClusterRun.require(plan, fits: fleet, context: "anything")
    plan.cluster = "staging"
    try ClusterRun.require(plan, fits: fleet, context: "staging")
    try ClusterRun.require(plan, fits: fleet, context: "in-cluster")
    let other = #expect(throws: BulkheadError.self) {
      try ClusterRun.require(plan, fits: fleet, context: "production")
    }
    #expect(other?.exit == .configuration && other?.message.contains("staging") == true)
    fleet.workloads[0].pod.hostNetwork = true
    let shared = #expect(throws: BulkheadError.self) { try ClusterRun.require(plan, fits: fleet, context: "staging") }
    #expect(shared?.exit == .configuration && shared?.message.contains("shop/agent[Deployment]") == true)
    #expect(shared?.message.contains("shop/web") == false)
  }
}
