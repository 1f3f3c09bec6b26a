import Diagnostics
import FleetModel
import IntentModel
import Judgement
import Planning
import Testing
import Trials

@testable import Rollout

/// People hold a run before its trials and attempts to break out, and not only before its changes.
struct PauseTests {
  private struct Silent: RolloutObserver {
    func observe(_ progress: RolloutProgress) async {}
  }

  private struct Always: GateArbiter {
    func decide(_ question: GateQuestion) async throws -> GateAnswer? { .promote }
  }

  private func run(
    _ target: StillTarget, trials: [Trial], _ journal: InMemoryJournal = InMemoryJournal()
  ) async throws -> RunHistory {
    let id = ObjectReference(kind: "Deployment", namespace: "shop", name: "cart")
    let step = Step(workload: id, action: .enrol, before: .untouched, after: Posture(), wave: 0)
    let wave = Wave(index: 0, name: "wave-1", workloads: [id], steps: [step])
    var limits = CanaryLimits()
    (limits.deadline.seconds, limits.deadline.decision) = (0, .ask)
    (limits.staleSeconds, limits.pace, limits.confirmation) = (0, .milliseconds(2), .zero)
    let parts = RolloutExecutor.Parts(
      plan: Plan(mesh: "envoy", fleetDigest: "", waves: [wave], refusals: []), trials: [trials], vectors: [],
      target: target, traffic: target, faults: target, range: target, escapes: target, observer: Silent(),
      arbiter: Always(), limits: limits, intent: { _, _ in nil })
    let history = try RunHistory(await journal.records())
    _ = try await RolloutExecutor(parts, journal: journal, resume: history.resume).run()
    return try RunHistory(await journal.records())
  }

  /// As if it had been killed: nothing is done or undone, and the run can go on.
  @Test func aWaveThatMayNotBeginStopsTheRunAndNothingElse() async throws {
    let journal = InMemoryJournal()
    let closed = StillTarget(closure: BulkheadError(.configuration, "its time is over"))
    await #expect(throws: BulkheadError.self) { try await run(closed, trials: [], journal) }
    #expect(closed.diary.all == ["probe before"])
    let history = try RunHistory(await journal.records())
    #expect(history.result == nil && history.waves.isEmpty && history.undoUnderway == nil)
    #expect(try await run(StillTarget(), trials: [], journal).result == .promoted)
  }

  @Test func nothingIsBrokenWhileARunIsHeld() async throws {
    let id = ObjectReference(kind: "Deployment", namespace: "shop", name: "cart")
    let trial = Trial(
      hypothesis: "", fault: .killPod(of: id), steadyShare: 1, holdSeconds: 1, recoverySeconds: 1,
      weakness: Weakness(code: "", workload: id, evidence: "", remediation: ""))
    let held = StillTarget(refusal: BulkheadError(.gateFailed, "the run was aborted"))
    let history = try await run(held, trials: [trial])
    #expect(history.waves.first?.reason?.contains("the run was aborted") == true)
    #expect(held.diary.all.suffix(3) == ["shift 100", "may go on", "undo"])
  }

  @Test func breakOutsAreAskedForToo() async throws {
    let free = StillTarget()
    let history = try await run(free, trials: [])
    #expect(history.result == .promoted)
    #expect(free.diary.all.suffix(4) == ["shift 100", "may go on", "probe after", "commit"])
  }
}
