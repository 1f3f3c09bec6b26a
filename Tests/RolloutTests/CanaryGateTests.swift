import FleetModel
import Foundation
import IntentModel
import TestSupport
import Testing
import Trials

@testable import Rollout

/// The gate over simulated users: counts as the twin's callers report them, looked at four times a second.
@Suite struct CanaryGateTests {
  struct Canary {
    var errorRate = 0.0
    /// What the sidecar costs every call, in milliseconds.
    var sidecar = 1.0
    var slowShare = 0.0
    var slowBy = 0.0
    /// The looks, counted from the beginning, in which all of the canary's calls take 300 ms.
    var stalls: Set<Int> = []
    /// The share of all calls, everybody's, for which the machine takes 250 ms more.
    var machineStalls = 0.0
    /// The share of all calls, everybody's, that fail because of the machine.
    var machineErrors = 0.0
  }

  /// gateway → catalogue; each user's request makes one call to either.
  struct World {
    static let gateway = ObjectReference(kind: "Deployment", namespace: "small", name: "gateway")
    static let catalogue = ObjectReference(kind: "Deployment", namespace: "small", name: "catalogue")
    static let users = ObjectReference(kind: "Deployment", namespace: "small", name: "users")
    static let bounds = (1...126).map { 0.1 * pow(1.1, Double($0)) }

    var snapshot = TrafficSnapshot()
    var random: SystemLike
    var looks = 0
    var share = 0
    var canary: Canary

    init(seed: UInt64, _ canary: Canary) {
      snapshot.machine = MachineTime()
      random = SystemLike(seed: seed)
      self.canary = canary
    }

    mutating func serve(requests: Int) {
      looks += 1
      for _ in 0..<requests {
        let isCanary = random.uniform() * 100 < Double(share)
        let behind = call(Self.gateway, Self.catalogue, isCanary, base: 2)
        _ = call(Self.users, Self.gateway, isCanary, base: 2, behind: behind)
      }
    }

    /// Returns how long it took, in milliseconds.
    private mutating func call(
      _ caller: ObjectReference, _ target: ObjectReference, _ isCanary: Bool, base: Double, behind: Double = 0
    ) -> Double {
      let edge = Edge(caller: caller, target: target, cohort: isCanary ? .canary : .stable)
      var failed = isCanary && target == Self.catalogue && random.uniform() < canary.errorRate
      if canary.machineErrors > 0, random.uniform() < canary.machineErrors { failed = true }
      snapshot.edges[edge, default: Tally()] += Tally(n: 1, errors: failed ? 1 : 0)
      var latency = behind + base * exp(0.4 * random.normal())
      if isCanary {
        latency += canary.sidecar
        if target == Self.catalogue, random.uniform() < canary.slowShare { latency += canary.slowBy }
        if canary.stalls.contains(looks) { latency = 300 }
      }
      if canary.machineStalls > 0, random.uniform() < canary.machineStalls { latency += 250 }
      var tally = snapshot.latency[edge] ?? LatencyTally(bounds: Self.bounds, counts: Array(repeating: 0, count: 127))
      tally.counts[Self.bounds.firstIndex { latency < $0 } ?? 126] += 1
      snapshot.latency[edge] = tally
      return latency
    }
  }

  /// Normally distributed numbers (Box, Muller 1958), the same in every run.
  struct SystemLike {
    private var random: SplitMix64
    init(seed: UInt64) { random = SplitMix64(seed) }
    mutating func uniform() -> Double { (Double(random.next() >> 11) + 0.5) * 0x1p-53 }
    mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
  }

  struct Run {
    var verdict: GateVerdict
    var share: Int
    var seconds: Double
    var evidence: [JudgedWorkload]
  }

  @Test func aMachineThatStallsExcusesNobodyBeyondTheBound() {
    var limits = CanaryLimits()
    let slow = Canary(slowShare: 1, slowBy: 150, machineStalls: 0.05)
    limits.meshBudgetMostSpread = .infinity
    #expect(run(slow, limits: limits).verdict == .pass, "without a bound, what everybody's calls vary by excuses it")
    limits.meshBudgetMostSpread = CanaryLimits().meshBudgetMostSpread
    let verdict = run(slow, limits: limits).verdict
    #expect(verdict.reason.contains("took longer than"), "\(verdict)")
    for seed in 1...5 as ClosedRange<UInt64> {
      let steady = run(Canary(machineStalls: 0.05), seed: seed, limits: limits).verdict
      #expect(!steady.reason.contains("took longer than"), "\(steady)")
    }
  }

  /// A whole canary at 120 users' requests a second, both workloads in the wave.
  private func run(
    _ canary: Canary, seed: UInt64 = 1, limits: CanaryLimits = CanaryLimits(), perLook: Int = 30,
    meanwhile: (inout World, Double) -> Void = { _, _ in }
  ) -> Run {
    var world = World(seed: seed, canary)
    var gate = CanaryGate(
      workloads: [World.catalogue, World.gateway], limits: limits, before: world.snapshot)
    for _ in 0..<12 { world.serve(requests: perLook) }
    var total = 0.0
    for share in limits.shares + [100] {
      world.share = share
      gate.begin(share: share, counts: world.snapshot)
      var seconds = 0.0
      while true {
        seconds += 0.25
        world.serve(requests: perLook)
        meanwhile(&world, total + seconds)
        guard let verdict = gate.look(world.snapshot, seconds: seconds) else { continue }
        total += seconds
        if verdict != .pass || share == 100 {
          return Run(verdict: verdict, share: share, seconds: total, evidence: gate.evidence)
        }
        break
      }
    }
    return Run(verdict: .inconclusive("no share"), share: 0, seconds: 0, evidence: [])
  }

  @Test func `a healthy canary is promoted although its sidecar costs time`() throws {
    for seed in 1...20 {
      let run = run(Canary(), seed: UInt64(seed))
      #expect(run.verdict == .pass && run.share == 100, "\(seed): \(run.verdict)")
      #expect(run.seconds < 40, "\(seed): \(run.seconds)")
      let latency = try #require(run.evidence.first?.latency)
      #expect(latency.map(\.percentile) == [50, 90, 99, 99.9])
      #expect(latency.allSatisfy { $0.budgetMilliseconds >= 5 })
    }
  }

  /// Time of a machine of two cores, of which the host takes a part now and then or all the time.
  private func takes(_ world: inout World, _ part: Double) {
    world.snapshot.machine?.total += 0.5
    world.snapshot.machine?.idle += 0.1
    world.snapshot.machine?.used += 0.4 * (1 - part)
    world.snapshot.machine?.stolen += 0.4 * part
  }

  @Test func `a canary is not blamed for what others' use of the machine did to it`() {
    // Now and then a second of stalls, and the requests that waited fail in the half second after.
    func run(saysSo: Bool) -> Run {
      self.run(Canary()) { world, now in
        let second = now.truncatingRemainder(dividingBy: 4)
        let isTaken = second > 1 && second <= 2
        takes(&world, isTaken && saysSo ? 0.6 : 0)
        // From here on, which is the next look.
        world.canary.errorRate = second >= 1 && second <= 2.25 ? 0.4 : 0
      }
    }
    let blamed = run(saysSo: false).verdict
    #expect(blamed.reason.contains("catalogue"), "\(blamed)")
    let excused = run(saysSo: true)
    #expect(excused.verdict == .pass && excused.share == 100, "\(excused.verdict)")
  }

  @Test func `a canary that fails when the machine is its own has failed`() {
    let run = run(Canary(errorRate: 0.2)) { world, now in
      takes(&world, now.truncatingRemainder(dividingBy: 2) < 1 ? 0.6 : 0)
    }
    guard case .fail(let reason) = run.verdict else { Issue.record("\(run.verdict)"); return }
    #expect(reason.contains("catalogue"))
  }

  @Test func `a canary that is sound in spite of others has passed`() throws {
    for seed in 1...5 as ClosedRange<UInt64> {
      let run = run(Canary(machineStalls: 0.02), seed: seed) { world, _ in takes(&world, 0.6) }
      #expect(run.verdict == .pass && run.share == 100, "\(run.verdict)")
      #expect(run.evidence.allSatisfy { $0.baseline.n > 0 && $0.canary.n > 0 }, "the evidence is that of all looks")
    }
  }

  @Test func `what others do to everybody hides no canary's own errors`() {
    for seed in 1...5 as ClosedRange<UInt64> {
      let canary = Canary(errorRate: 0.03, machineErrors: 0.15)
      let run = run(canary, seed: seed) { world, _ in takes(&world, 0.6) }
      #expect(run.verdict != .pass, "\(seed)")
    }
    let slow = run(Canary(slowShare: 1, slowBy: 150, machineStalls: 0.05)) { world, _ in takes(&world, 0.6) }
    #expect(slow.verdict != .pass)
  }

  @Test func `a machine that is never calm ends without a verdict and says why`() {
    let run = run(Canary(errorRate: 0.5)) { world, _ in takes(&world, 0.6) }
    guard case .inconclusive(let reason) = run.verdict else { Issue.record("\(run.verdict)"); return }
    #expect(reason.contains("processors to others in 120 of 120 s"), "\(reason)")
    #expect(reason.contains("what was seen meanwhile: catalogue: "), "\(reason)")
    #expect(run.seconds == 120, "twice the share's deadline")
  }

  /// Canaries pass their shares in spite of the host, which then becomes calm: what fails now has failed.
  @Test(arguments: [0.2, 1])
  func `a canary that fails once the machine is calm has failed, whatever was let pass before`(rate: Double) {
    for seed in 1...5 as ClosedRange<UInt64> {
      let run = run(Canary(machineErrors: 0.002), seed: seed) { world, _ in
        takes(&world, world.share == 100 ? 0 : 0.6)
        if world.share == 100 { (world.canary.errorRate, world.canary.machineErrors) = (rate, 0) }
      }
      #expect(run.share == 100)
      guard case .fail(let reason) = run.verdict else { Issue.record("\(run.verdict)"); continue }
      #expect(reason.contains("catalogue: errors rose after promotion"), "\(reason)")
    }
  }

  @Test func `a watch that is never calm lets no canary pass that fails meanwhile`() {
    for seed in 1...5 as ClosedRange<UInt64> {
      let run = run(Canary(), seed: seed) { world, _ in
        takes(&world, 0.6)
        world.canary.errorRate = world.share == 100 ? 0.03 : 0
      }
      guard case .inconclusive(let reason) = run.verdict else { Issue.record("\(run.verdict)"); continue }
      #expect(run.share == 100 && reason.contains("processors to others"), "\(reason)")
    }
  }

  @Test func `an alarm counts on any machine`() {
    let run = run(Canary()) { world, now in
      takes(&world, 0.6)
      if now == 1 { world.snapshot.alarms.append(SecurityAlarm(source: "sentry", text: "a shell")) }
    }
    #expect(run.verdict.reason.contains("sentry") && run.seconds == 1, "\(run.verdict)")
  }

  @Test(arguments: [(0.05, 150.0), (0.2, 50.0), (1.0, 40.0)])
  func `a slow sidecar is found within 30 s and named with the budget`(share: Double, by: Double) {
    let runs = (1...15).map { run(Canary(slowShare: share, slowBy: by), seed: $0) }
    for run in runs {
      guard case .fail(let reason) = run.verdict else { Issue.record("\(run.verdict) at \(run.share)"); continue }
      #expect(reason.contains("budget") && reason.contains("catalogue"), "\(reason)")
      #expect(run.share <= 50)
    }
    #expect(runs.map(\.seconds).sorted()[7] <= 30, "\(runs.map(\.seconds))")
  }

  @Test func `one error in two hundred is found within a minute where the tolerance is lower`() {
    var limits = CanaryLimits()
    limits.tolerance = 0.001
    let runs = (1...15).map { run(Canary(errorRate: 0.005), seed: $0, limits: limits) }
    for run in runs {
      #expect(run.verdict != .pass && run.share <= 50, "\(run.verdict)")
    }
    let found = runs.filter { if case .fail(let reason) = $0.verdict { reason.contains("catalogue") } else { false } }
    #expect(found.count >= 12, "\(runs.map(\.verdict))")
    #expect(found.map(\.seconds).sorted()[found.count / 2] <= 60)
  }

  @Test func `a stall of a moment fails nobody`() {
    for seed in 1...10 {
      let run = run(Canary(stalls: [18, 40]), seed: UInt64(seed))
      if case .fail(let reason) = run.verdict { Issue.record("\(reason)") }
    }
  }

  @Test func `a security alarm ends the wave at once, whatever the counts say`() {
    let run = run(Canary()) { world, seconds in
      if seconds >= 4, world.snapshot.alarms.isEmpty {
        world.snapshot.alarms = [SecurityAlarm(source: "sentry", text: "mount from catalogue")]
      }
    }
    #expect(run.verdict == .fail("security alarm from sentry: mount from catalogue"))
    #expect(run.seconds < 5)
  }

  @Test(arguments: [0, 5])
  func `a workload of one pod is watched for a change of its own`(errors: Int) {
    let edge = Edge(caller: World.users, target: World.catalogue, cohort: .canary)
    var counts = TrafficSnapshot()
    var gate = CanaryGate(workloads: [World.catalogue], limits: CanaryLimits(), before: counts)
    var verdicts: [GateVerdict] = []
    for share in CanaryLimits().shares + [100] {
      gate.begin(share: share, counts: counts)
      var verdict: GateVerdict?
      var seconds = 0.0
      while verdict == nil {
        seconds += 0.25
        counts.edges[edge, default: Tally()] += Tally(n: 30, errors: share == 100 ? errors : 0)
        verdict = gate.look(counts, seconds: seconds)
      }
      verdicts += [verdict].compactMap(\.self)
    }
    #expect(verdicts.dropLast().allSatisfy { $0 == .pass }, "\(verdicts)")
    if errors == 0 {
      #expect(verdicts.last == .pass, "\(verdicts)")
    } else {
      guard case .fail(let reason) = verdicts.last else { Issue.record("\(verdicts)"); return }
      #expect(reason.contains("errors rose after promotion"), "\(reason)")
    }
  }

  @Test func `no users are no data, and a source without latencies is judged by errors alone`() {
    #expect(run(Canary(), perLook: 0).verdict == .inconclusive("no request reached a canary for 5.0 s"))
    let blind = run(Canary(slowShare: 1, slowBy: 500)) { world, _ in world.snapshot.latency = [:] }
    // Latencies were there before the canary came, and then no more: nothing is shown, so nothing passes.
    guard case .inconclusive(let reason) = blind.verdict else { Issue.record("\(blind.verdict)"); return }
    #expect(reason.contains("latencies"), "\(reason)")
  }
}
