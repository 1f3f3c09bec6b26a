import Diagnostics
import FleetModel
package import IntentModel
package import Trials

/// Carries out one trial: feeds its machine, puts the fault in and takes it out, and tries the controls again and
/// again while the fault lasts.
package struct TrialRunner<Time: Clock<Duration>>: Sendable {
  package let traffic: any TrafficSource
  package let faults: any FaultInjector
  package let range: any ControlRange
  package let clock: Time
  /// Those that the target can try.
  package let controls: [Control]

  /// The pace at which users' counts are read.
  private let pace: Duration = .milliseconds(200)

  package init(
    traffic: any TrafficSource, faults: any FaultInjector, range: any ControlRange, clock: Time,
    controls: [Control] = Control.all
  ) {
    self.traffic = traffic
    self.faults = faults
    self.range = range
    self.clock = clock
    self.controls = controls
  }

  /// A trial that did not pass while others used the machine is set aside and tried again, so many times in all.
  private let tries = 3
  /// Seconds of calm that are waited for before that, and how many at most.
  private let calmSeconds = 3.0
  private let longestWait = 60.0

  /// - Parameter targets: the workloads whose policies are in force, as they are meant to be now.
  package func run(_ trial: Trial, targets: [Intent]) async throws -> TrialRecord {
    var setAside: [String] = []
    while true {
      var (record, disturbance) = try await runOnce(trial, targets: targets)
      record.setAside = setAside.isEmpty ? nil : setAside
      guard record.excuse(disturbance), setAside.count + 1 < tries else { return record }
      setAside.append(record.reason)
      try await waitForCalm()
    }
  }

  private func waitForCalm() async throws {
    var disturbance = Disturbance(from: try await traffic.snapshot().machine)
    let began = clock.now
    var calm = 0.0
    var last = 0.0
    while calm < calmSeconds, last < longestWait {
      try await clock.sleep(for: pace)
      let now = began.duration(to: clock.now) / .seconds(1)
      calm = disturbance.look(try await traffic.snapshot().machine, after: now - last) ? 0 : calm + now - last
      last = now
    }
  }

  private func runOnce(_ trial: Trial, targets: [Intent]) async throws -> (TrialRecord, Disturbance) {
    let began = clock.now
    func seconds() -> Double { began.duration(to: clock.now) / .seconds(1) }
    var record = TrialRecord(trial)
    var controls = ControlRound(self.controls, targets: targets)
    try await range.openTwins(of: controls.aimedAt)
    let before = try await traffic.snapshot()
    var machine = TrialMachine(trial, at: seconds(), users: before.allUsers)
    var disturbance = Disturbance(from: before.machine)
    var lastLook = seconds()
    let limit = Duration.seconds(trial.holdSeconds + 20)
    var atStart = TrafficSnapshot()
    var limitsAtStart: [ObjectReference: [String: LimitPeriods]] = [:]
    do {
      while machine.phase != .concluded {
        try await clock.sleep(for: pace)
        let counts = try await traffic.snapshot()
        let now = seconds()
        _ = disturbance.look(counts.machine, after: now - lastLook)
        lastLook = now
        switch machine.observed(counts.allUsers, at: now) {
        case .startFault?:
          do {
            atStart = try await traffic.snapshot()
            limitsAtStart = try await traffic.limitPeriods()
            try await faults.start(trial.fault, limit: limit)
            machine.faultStarted(at: seconds(), users: try await traffic.snapshot().allUsers)
          } catch let error where !(error is CancellationError) {
            // What was begun of it must not meet the next try.
            try? await faults.end(trial.fault)
            _ = machine.faultFailed("\(error)")
          }
        case .endFault?:
          let evidence = try await faults.evidence(of: trial.fault)
          let atEnd = try await traffic.snapshot()
          record.failures = FailedCall.between(atStart, atEnd)
          let slow = SlowCall.between(calm: before, start: atStart, end: atEnd)
          record.slow = slow.isEmpty ? nil : slow
          let suspects = Set(record.failures.map(\.target) + slow.map(\.target))
          let held = HeldWorkload.between(
            limitsAtStart, try await traffic.limitPeriods(), among: suspects, during: trial.fault)
          record.held = held.isEmpty ? nil : held
          try await faults.end(trial.fault)
          machine.faultEnded(evidence, at: seconds(), users: try await traffic.snapshot().allUsers)
        case .conclude?, nil: break
        }
        if machine.phase == .holding { await controls.attemptAll(on: range) }
      }
    } catch {
      try? await faults.end(trial.fault)
      throw error
    }
    record.take(machine.outcome, of: trial, controls: controls.results, seconds: seconds())
    return (record, disturbance)
  }
}

/// The controls of one trial, each tried against one target for which it applies, in turn.
struct ControlRound: Sendable {
  private(set) var results: [ControlResult] = []
  private var targets: [(kind: Control.Kind, target: ObjectReference)?] = []

  init(_ controls: [Control], targets intents: [Intent]) {
    for control in controls {
      let fitting = intents.filter(control.applies).sorted { $0.workload < $1.workload }
      // HTTP says why it refuses; plain TCP can only close.
      let best = fitting.first { $0.inbound.contains { $0.wireProtocol == .http } } ?? fitting.first
      targets.append(best.map { (control.kind, $0.workload) })
      results.append(ControlResult(control: control, applies: best != nil))
    }
  }

  var aimedAt: [ObjectReference] { Array(Set(targets.compactMap { $0?.target })).sorted() }

  /// One attempt each against the target and, at the same time, against its open twin.
  mutating func attemptAll(on range: any ControlRange) async {
    for round in await Self.attempts(targets, on: range) {
      results[round.index].count(round.attempt, openTwin: round.openTwin)
    }
  }

  private struct Round: Sendable {
    var index: Int
    var attempt: AttemptResult
    var openTwin: AttemptResult
  }

  private static func attempts(
    _ targets: [(kind: Control.Kind, target: ObjectReference)?], on range: any ControlRange
  ) async -> [Round] {
    await withTaskGroup(of: Round.self) { group in
      for (index, entry) in targets.enumerated() {
        guard let entry else { continue }
        group.addTask {
          async let openTwin = attempt(entry.kind, against: entry.target, open: true, on: range)
          let attempt = await attempt(entry.kind, against: entry.target, open: false, on: range)
          return await Round(index: index, attempt: attempt, openTwin: openTwin)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  private static func attempt(
    _ kind: Control.Kind, against target: ObjectReference, open: Bool, on range: any ControlRange
  ) async -> AttemptResult {
    do { return try await range.attempt(kind, against: target, open: open) } catch { return .unknown("\(error)") }
  }
}
