import FleetModel
import IntentModel
import Synchronization
import Testing
import Trials

@testable import Rollout

/// A trial of which the machine's host took the processors says nothing, and is tried again.
struct DisturbedTrialTests {
  /// Users whose requests fail, and a host that is busy with others, while a fault lasts: as often as stated.
  private final class Target: TrafficSource, FaultInjector, ControlRange {
    private struct State {
      var snapshot = TrafficSnapshot()
      /// Of a container that lives throughout; a second one is started anew by each fault.
      var periods = LimitPeriods(all: 0, held: 0)
      var anew = LimitPeriods(all: 900, held: 10)
      var faults = 0
      var isBroken = false
    }

    private let state = Mutex(State())
    let failing: Int
    let disturbed: Int
    let isOpen: Bool
    /// Whose processor limit holds it, and where calls fail.
    let held: ObjectReference?
    let failsAt: ObjectReference?

    init(
      failing: Int, disturbed: Int, isOpen: Bool = false, held: ObjectReference? = nil, failsAt: ObjectReference? = nil
    ) {
      self.failing = failing
      self.disturbed = disturbed
      self.isOpen = isOpen
      self.held = held
      self.failsAt = failsAt
      state.withLock { $0.snapshot.machine = MachineTime() }
    }

    var faults: Int { state.withLock(\.faults) }

    func snapshot() async throws -> TrafficSnapshot {
      state.withLock { state in
        let fails = state.isBroken && state.faults <= failing
        state.snapshot.users[.stable, default: Tally()] += Tally(n: 40, errors: fails ? 30 : 0)
        if let failsAt {
          let edge = Edge(caller: failsAt, target: failsAt, cohort: .stable)
          state.snapshot.edges[edge, default: Tally()] += Tally(n: 40, errors: fails ? 30 : 0)
        }
        if held != nil { state.periods.all += 20; state.periods.held += 6 }
        let isTaken = state.isBroken && state.faults <= disturbed
        state.snapshot.machine?.total += 100
        state.snapshot.machine?.idle += 20
        state.snapshot.machine?.used += isTaken ? 20 : 80
        state.snapshot.machine?.stolen += isTaken ? 60 : 0
        return state.snapshot
      }
    }
    func limitPeriods() async throws -> [ObjectReference: [String: LimitPeriods]] {
      guard let held else { return [:] }
      return state.withLock { [held: ["one": $0.periods, "two": $0.anew]] }
    }
    func start(_ fault: Fault, limit: Duration) async throws {
      state.withLock { state in
        (state.faults, state.isBroken) = (state.faults + 1, true)
        state.anew = LimitPeriods(all: 0, held: 0)
      }
    }
    func evidence(of fault: Fault) async throws -> FaultEvidence { FaultEvidence(verified: true, text: "seen") }
    func end(_ fault: Fault) async throws { state.withLock { $0.isBroken = false } }
    func openTwins(of targets: [ObjectReference]) async throws {}
    func attempt(_ kind: Control.Kind, against target: ObjectReference, open: Bool) async throws -> AttemptResult {
      open || isOpen ? .reached("200") : .refused("403")
    }
  }

  private let id = ObjectReference(kind: "Deployment", namespace: "shop", name: "cart")

  private func run(_ target: Target, _ fault: Fault? = nil, targets: [Intent] = []) async throws -> TrialRecord {
    let trial = Trial(
      hypothesis: "", fault: fault ?? .killPod(of: id), steadyShare: 0.9, holdSeconds: 0.4, recoverySeconds: 0.4,
      weakness: Weakness(code: "BH-T", workload: id, evidence: "", remediation: ""))
    return try await TrialRunner(traffic: target, faults: target, range: target, clock: ManualClock())
      .run(trial, targets: targets)
  }

  @Test func whatFailedWhileOthersUsedTheMachineIsTriedAgain() async throws {
    let target = Target(failing: 1, disturbed: 1)
    let record = try await run(target)
    #expect(target.faults == 2)
    #expect(record.result == .pass && record.setAside?.count == 1, "\(record)")
    #expect(record.setAside?.first?.contains("users' requests failed") == true, "\(record)")
    #expect(record.setAside?.first?.contains("processors to others") == true)
  }

  @Test func whatFailsOnACalmMachineHasFailed() async throws {
    let target = Target(failing: 9, disturbed: 0)
    let record = try await run(target)
    #expect(target.faults == 1)
    #expect(record.result == .fail && record.setAside == nil && record.weakness != nil)
    let again = Target(failing: 9, disturbed: 1)
    let second = try await run(again)
    #expect(again.faults == 2 && second.result == .fail && second.setAside?.count == 1)
  }

  @Test func whatHoldsInSpiteOfOthersHolds() async throws {
    let target = Target(failing: 0, disturbed: 9)
    #expect(try await run(target).result == .pass)
    #expect(target.faults == 1)
  }

  @Test func aWorkloadAtItsOwnLimitIsNotExcused() async throws {
    let target = Target(failing: 9, disturbed: 9, held: id, failsAt: id)
    let record = try await run(target)
    #expect(target.faults == 1 && record.result == .fail)
    #expect(record.weakness?.evidence.contains("cart's pods were at their CPU limit 30 % of the time") == true)
    // A limit where nothing failed explains nothing, and the fault's own limit is not the workload's.
    let other = ObjectReference(kind: "Deployment", namespace: "shop", name: "ads")
    #expect(try await run(Target(failing: 9, disturbed: 9, held: other, failsAt: id)).result == .inconclusive)
    let limited = Target(failing: 9, disturbed: 9, held: id, failsAt: id)
    #expect(try await run(limited, .limitCPU(of: id, percent: 25)).result == .inconclusive)
  }

  @Test func aControlThatLetsSomethingThroughIsNotExcused() async throws {
    var posture = Posture()
    posture.mutualTLS = .strict
    let identity = SpiffeID(trustDomain: "cluster.local", namespace: "shop", account: "cart")
    let intent = Intent(workload: id, identity: identity, posture: posture, inbound: [], outbound: [])
    let target = Target(failing: 9, disturbed: 9, isOpen: true)
    let record = try await run(target, targets: [intent])
    #expect(target.faults == 1)
    #expect(record.result == .fail && record.reason.contains("control"), "\(record.reason)")
  }
}
