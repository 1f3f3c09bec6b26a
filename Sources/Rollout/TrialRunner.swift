import Diagnostics
import FleetModel
package import IntentModel
package import Trials

/// Carries out one trial: feeds its machine, puts the fault in and takes it out, and tries the controls again and
/// again while the fault lasts.
package struct TrialRunner: Sendable {
  package let traffic: any TrafficSource
  package let faults: any FaultInjector
  package let range: any ControlRange
  package let clock: ContinuousClock
  /// Those that the target can try.
  package let controls: [Control]

  /// The pace at which users' counts are read.
  private static let pace: Duration = .milliseconds(200)

  package init(
    traffic: any TrafficSource, faults: any FaultInjector, range: any ControlRange, clock: ContinuousClock,
    controls: [Control] = Control.all
  ) {
    self.traffic = traffic
    self.faults = faults
    self.range = range
    self.clock = clock
    self.controls = controls
  }

  /// - Parameter targets: the workloads whose policies are in force, as they are meant to be now.
  package func run(_ trial: Trial, targets: [Intent]) async throws -> TrialRecord {
    let began = clock.now
    func seconds() -> Double { (clock.now - began) / .seconds(1) }
    var record = TrialRecord(trial)
    var controls = ControlRound(self.controls, targets: targets)
    try await range.openTwins(of: controls.aimedAt)
    var machine = TrialMachine(trial, at: seconds(), users: try await traffic.snapshot().allUsers)
    let limit = Duration.seconds(trial.holdSeconds + 20)
    var atStart = TrafficSnapshot()
    do {
      while machine.phase != .concluded {
        try await clock.sleep(for: Self.pace)
        switch machine.observed(try await traffic.snapshot().allUsers, at: seconds()) {
        case .startFault?:
          do {
            atStart = try await traffic.snapshot()
            try await faults.start(trial.fault, limit: limit)
            machine.faultStarted(at: seconds(), users: try await traffic.snapshot().allUsers)
          } catch let error where !(error is CancellationError) {
            _ = machine.faultFailed("\(error)")
          }
        case .endFault?:
          let evidence = try await faults.evidence(of: trial.fault)
          record.failures = FailedCall.between(atStart, try await traffic.snapshot())
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
    return record
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

extension TrialRecord {
  /// A trial passes when its hypothesis held and every control that applies passed.
  mutating func take(_ outcome: TrialOutcome, of trial: Trial, controls: [ControlResult], seconds: Double) {
    injectionVerified = outcome.evidence.verified
    injectionEvidence = outcome.evidence.text
    during = outcome.during
    recoverySeconds = outcome.recoverySeconds
    self.controls = controls
    self.seconds = seconds
    result = outcome.result
    reason = outcome.reason
    let broken = controls.filter { $0.applies && $0.result != .pass }
    if let failed = broken.first(where: { $0.result == .fail }) {
      result = .fail
      reason = "control \(failed.name) failed during the fault: \(failed.detail)"
      weakness = Weakness(
        code: "BH-CONTROL-\(failed.name)", workload: trial.weakness.workload, evidence: reason,
        remediation: Control.all.first { $0.kind.rawValue == failed.name }?.remediation ?? "")
    } else if result == .fail {
      weakness = trial.weakness
      if !failures.isEmpty { reason += "; they began at " + failures.prefix(3).map(\.text).joined(separator: ", ") }
      weakness?.evidence = reason
    } else if result == .pass, let unclear = broken.first {
      result = .inconclusive
      reason = "control \(unclear.name) is inconclusive: \(unclear.detail)"
    }
  }
}
