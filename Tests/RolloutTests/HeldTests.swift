import Diagnostics
import FleetModel
import IntentModel
import Judgement
import Planning
import Synchronization
import Testing
import Trials

@testable import Rollout

/// A canary without data is looked at again and again while the plan holds it; people read of it once.
struct HeldTests {
  private final class Ears: RolloutObserver {
    let held = Mutex<[String]>([])
    func observe(_ progress: RolloutProgress) async {
      if case .held(let reason) = progress { held.withLock { $0.append(reason) } }
    }
  }

  private func run(_ target: StillTarget, hold seconds: Int) async throws -> (held: [String], history: RunHistory) {
    let id = ObjectReference(kind: "Deployment", namespace: "shop", name: "cart")
    var enrolled = Posture()
    enrolled.mutualTLS = .permissive
    let step = Step(workload: id, action: .enrol, before: .untouched, after: enrolled, wave: 0)
    let wave = Wave(index: 0, name: "wave-1", workloads: [id], steps: [step])
    var limits = CanaryLimits()
    (limits.deadline.seconds, limits.deadline.decision, limits.deadline.holdSeconds) = (0, .hold, seconds)
    (limits.staleSeconds, limits.pace, limits.confirmation) = (0, .milliseconds(2), .zero)
    let ears = Ears()
    let parts = RolloutExecutor.Parts(
      plan: Plan(mesh: "envoy", fleetDigest: "", waves: [wave], refusals: []), trials: [[]], vectors: [],
      target: target,
      traffic: target, faults: target, range: target, escapes: target, observer: ears, limits: limits,
      intent: { _, _ in nil })
    let journal = InMemoryJournal()
    _ = try await RolloutExecutor(parts, journal: journal).run()
    return (ears.held.withLock(\.self), try RunHistory(await journal.records()))
  }

  @Test func isSaidOnce() async throws {
    let (held, history) = try await run(StillTarget(), hold: 3)
    #expect(held.count == 1, "\(held)")
    #expect(history.result == .rolledBack && history.exitCode == .gateFailed)
    #expect(history.waves.first?.notPutBack == nil)
  }

  /// What an undo leaves is in the record, word for word, and in the exit code.
  @Test func whatIsLeftIsRecorded() async throws {
    let (_, history) = try await run(StillTarget(left: ["shop/cart: nobody answers"]), hold: 0)
    #expect(history.waves.first?.notPutBack == ["shop/cart: nobody answers"])
    #expect(history.result == .failed && history.exitCode == .rollbackIncomplete && history.undoUnderway == nil)
  }
}
