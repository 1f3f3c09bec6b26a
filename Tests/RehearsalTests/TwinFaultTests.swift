import FleetModel
import Foundation
import Intake
import IntentModel
import Linux
import Planning
import Rollout
import Testing
import Trials

@testable import Composition
@testable import Twin

extension RehearsalTests {
  /// Trials of resources on real containers, without a rollout around them.
  @Suite("of single trials", .serialized)
  struct TwinFaults {
    @Test("see a spike, a CPU limit and a memory limit happen, and put back what was there")
    func happen() async throws {
      try await Bench.with(rate: 60) { bench in
        let before = try await bench.limits()
        let cases: [(Trial, Regex<(Substring, Substring, Substring)>)] = [
          (Trial.trafficSpike(Bench.gateway), /rose from (\d+) to (\d+) a second/),
          (.cpuLimit(Bench.catalogue), /was held to .* millicores: throttled in (\d+) periods, ([0-9.]+) s/),
          (.memoryLimit(Bench.catalogue), /hit its limit of \d+ MiB (\d+) times, and the kernel ended (\d+) of/),
        ]
        for (trial, words) in cases {
          let record = try await bench.run(trial)
          #expect(record.result == .pass, "\(trial.fault.title): \(record.reason)")
          #expect(record.injectionVerified, "\(record.injectionEvidence)")
          let match = try #require(record.injectionEvidence.firstMatch(of: words), "\(record.injectionEvidence)")
          #expect(try #require(Double(match.output.2)) > 0, "\(record.injectionEvidence)")
          for control in record.controls where control.applies {
            #expect(control.result == .pass, "\(trial.fault.title): \(control.name): \(control.detail)")
          }
          #expect(record.controls.count(where: \.applies) >= 4)
          // Ended by its trial already: once more is no error.
          try await bench.session.twin.end(trial.fault)
          try await bench.isServedAgain()
          #expect(try await bench.limits() == before, "\(trial.fault.title)")
          print("\(trial.fault.title): \(record.injectionEvidence); \(record.during), \(record.seconds) s")
        }
      }
    }

    @Test("end a fault by themselves at its limit, and do not put one in that cannot be shown")
    func limits() async throws {
      try await Bench.with(rate: 60) { bench in
        let (twin, before) = (bench.session.twin, try await bench.limits())
        let fault = Fault.limitCPU(of: Bench.catalogue, percent: 25)
        try await twin.start(fault, limit: .milliseconds(900))
        #expect(try await bench.limits() != before)
        try await bench.reaches { try await bench.limits() == before }
        #expect(try await twin.evidence(of: fault).text.contains("throttled"), "what was seen is not forgotten")
        try await twin.end(fault)
        let nobody = ObjectReference(kind: "Deployment", namespace: "small", name: "nobody")
        for fault in [Fault.spike(of: nobody, factor: 3), .limitCPU(of: nobody, percent: 25), .limitMemory(of: nobody)]
        {
          await #expect(throws: (any Error).self) { try await twin.start(fault, limit: .seconds(1)) }
          #expect(try await twin.evidence(of: fault).verified == false)
        }
        #expect(try await bench.limits() == before)
      }
    }

    /// Pods with too tight a CPU limit serve their users well on quiet days.
    @Test("fail where there is no room for a spike, and name the weakness")
    func noRoom() async throws {
      try await Bench.with(rate: 20) { bench in
        let spike = Trial.trafficSpike(Bench.gateway, factor: 40)
        // Enough for quiet days, and for a fifth of what the spike brings.
        try await bench.limitAll(of: Bench.catalogue, toShare: 0.2, ofWhatMoreIsUsedDuring: spike.fault)
        // However busy the machine's host is with others.
        let record = try await bench.run(spike, traffic: RobbedMachine(bench.session))
        #expect(record.injectionVerified, "\(record.injectionEvidence)")
        #expect(record.result == .fail, "\(record.during) \(record.reason)")
        let weakness = try #require(record.weakness)
        #expect(weakness.code == "BH-TRIAL-SPIKE" && weakness.workload == Bench.gateway)
        #expect(weakness.evidence.contains("gateway → catalogue"), "\(weakness.evidence)")
        #expect(weakness.evidence.contains("catalogue's pods were at their CPU limit"), "\(weakness.evidence)")
        #expect(weakness.remediation.contains("HorizontalPodAutoscaler"))
        print("no room: \(record.injectionEvidence); \(record.during), \(record.seconds) s: \(record.reason)")
      }
    }
  }
}

/// A twin of two workloads, all policies in force, with users at a steady rate.
private struct Bench: Sendable {
  static let gateway = ObjectReference(kind: "Deployment", namespace: "small", name: "gateway")
  static let catalogue = ObjectReference(kind: "Deployment", namespace: "small", name: "catalogue")
  static let players = [gateway, catalogue]

  let session: TwinSession
  let intents: [Intent]

  static func with(rate: Double, _ body: (Bench) async throws -> Void) async throws {
    let manifests = SmallFleet.manifests.split(separator: "---\n").filter { text in
      !["reporting", "store"].contains { text.contains("metadata: {name: \($0),") }
    }.joined(separator: "---\n")
    var options = RehearsalOptions()
    options.requestsPerSecond = rate
    let fleet = try Intake().read([InputSource(name: "small.yaml", bytes: Array(manifests.utf8))]).fleet
    try #require(fleet.workloads.map(\.id) == players.sorted())
    let plan = WavePlanner(fleet: fleet).plan(fleet)
    let postures = plan.postures(before: plan.waves.count)
    let derivation = IntentDerivation(fleet: fleet)
    let session = try TwinSession(fleet: fleet, options: options, tools: try Tools.find(environment: environment))
    do {
      try await session.twin.prepare(postures)
      let intents = fleet.workloads.map { derivation.intent(of: $0, posture: postures[$0.id] ?? .untouched) }
      try await body(Bench(session: session, intents: intents))
    } catch {
      await session.close()
      throw error
    }
    await session.close()
  }

  /// The programs lie beside the one that is tested, not beside the one that runs the tests.
  private static var environment: [String: String] {
    ProcessInfo.processInfo.environment.merging(
      ["BULKHEAD_LIBEXEC": URL(filePath: Program.path).deletingLastPathComponent().path]) { own, _ in own }
  }

  func run(_ trial: Trial, traffic: (any TrafficSource)? = nil) async throws -> TrialRecord {
    let twin = session.twin
    return try await TrialRunner(traffic: traffic ?? twin, faults: twin, range: twin, clock: ContinuousClock())
      .run(trial, targets: intents)
  }

  struct Limits: Equatable {
    var processor: ProcessorLimit?
    var memory: MemoryLimit?
  }

  func limits() async throws -> [String: Limits] { try await session.twin.limits() }

  /// Measured, because what a call costs differs between machines.
  func limitAll(of workload: ObjectReference, toShare share: Double, ofWhatMoreIsUsedDuring fault: Fault) async throws {
    let twin = session.twin
    let quiet = try await twin.use(of: workload)
    try await twin.start(fault, limit: .seconds(20))
    let busy = try await twin.use(of: workload)
    try await twin.end(fault)
    try await isServedAgain()
    for (leaf, use) in quiet {
      let more = try #require(busy[leaf]) - use
      try #require(more > 0, "\(leaf) uses no more during \(fault)")
      try await twin.limit(leaf, to: use + more * share)
    }
  }

  func isServedAgain() async throws {
    let before = try await session.twin.snapshot().allUsers
    try await reaches {
      let now = try await session.twin.snapshot().allUsers - before
      return now.n - now.errors > 30
    }
  }

  func reaches(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while try await !condition() {
      try #require(ContinuousClock.now < deadline, "not in time")
      // The pace of looking, not a wait for time to pass.
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}

/// What really happens on the twin, on a machine whose host says that it takes half of all time.
private struct RobbedMachine: TrafficSource {
  let twin: LocalTwin
  let began = ContinuousClock.now

  init(_ session: TwinSession) { twin = session.twin }

  func snapshot() async throws -> TrafficSnapshot {
    var snapshot = try await twin.snapshot()
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    snapshot.machine = MachineTime(total: seconds, used: seconds / 2, stolen: seconds / 2)
    return snapshot
  }

  func limitPeriods() async throws -> [ObjectReference: [String: LimitPeriods]] { try await twin.limitPeriods() }
}

extension LocalTwin {
  fileprivate func limits() throws -> [String: Bench.Limits] {
    let world = try running().world
    return Dictionary(
      uniqueKeysWithValues: Bench.players.flatMap { players(of: $0) }.map(\.appContainer).map {
        ($0, Bench.Limits(processor: world.processorLimit(of: $0), memory: world.memoryLimit(of: $0)))
      })
  }

  /// Processors in use, by the container of each pod.
  fileprivate func use(of workload: ObjectReference) async throws -> [String: Double] {
    let world = try running().world
    let leaves = players(of: workload).map(\.appContainer)
    func seconds() -> [Double] { leaves.map { world.use(of: $0)?.processorSeconds ?? 0 } }
    let before = seconds()
    // A time over which something is measured.
    try await Task.sleep(for: .seconds(3))
    return Dictionary(uniqueKeysWithValues: zip(leaves, zip(seconds(), before).map { ($0 - $1) / 3 }))
  }

  fileprivate func limit(_ leaf: String, to processors: Double) throws {
    try running().world.set(ProcessorLimit(processors: processors), of: leaf)
    print("\(leaf): \(processors * 1000) millicores")
  }
}
