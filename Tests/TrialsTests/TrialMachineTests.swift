import FleetModel
import Testing
import Trials

@Suite struct TrialMachineTests {
  let trial = Trial.podKill(ObjectReference(kind: "Deployment", namespace: "t", name: "w"))
  let seen = FaultEvidence(verified: true, text: "the process ended")

  /// Drives a whole trial with this share of failures (per mille) before, during and after the fault.
  func run(
    before: Int, during: Int, after: Int, evidence: FaultEvidence, perSecond: Int = 200, factor: Int = 1,
    of trial: Trial? = nil
  ) -> TrialOutcome {
    var users = Tally()
    let trial = trial ?? self.trial
    var machine = TrialMachine(trial, at: 0, users: users)
    var now = 0.0
    while machine.phase != .concluded && now < 60 {
      now += 0.2
      let failing = machine.phase == .settling ? before : machine.phase == .holding ? during : after
      let n = perSecond / 5 * (machine.phase == .holding ? factor : 1)
      users += Tally(n: n, errors: n * failing / 1000)
      switch machine.observed(users, at: now) {
      case .startFault?: machine.faultStarted(at: now, users: users)
      case .endFault?: machine.faultEnded(evidence, at: now, users: users)
      case .conclude?, nil: break
      }
    }
    return machine.outcome
  }

  @Test func passesWhenUsersHardlyNotice() {
    let outcome = run(before: 0, during: 0, after: 0, evidence: seen)
    #expect(outcome.result == .pass, "\(outcome)")
    #expect(outcome.during.n > 0)
  }

  @Test func failsWhenUsersNotice() {
    let outcome = run(before: 0, during: 400, after: 0, evidence: seen)
    #expect(outcome.result == .fail)
    #expect(!outcome.reason.isEmpty)
  }

  @Test func failsWithoutRecovery() {
    #expect(run(before: 0, during: 0, after: 500, evidence: seen).result == .fail)
  }

  @Test func aFaultNobodySawProvesNothing() {
    let outcome = run(before: 0, during: 0, after: 0, evidence: FaultEvidence(verified: false, text: "nothing"))
    #expect(outcome.result == .inconclusive)
  }

  @Test func nothingIsDisturbedWithoutASteadyState() {
    let outcome = run(before: 300, during: 0, after: 0, evidence: seen)
    #expect(outcome.result == .inconclusive)
    #expect(outcome.during.n == 0)
  }

  @Test func noUsersIsInconclusive() {
    #expect(run(before: 0, during: 0, after: 0, evidence: seen, perSecond: 0).result == .inconclusive)
  }

  /// Requests are weighed one by one and never by the second: three times as many change nothing but how soon it is
  /// clear.
  @Test(arguments: [1, 3, 10]) func theRateOfUsersDoesNotMatter(factor: Int) {
    let spike = Trial.trafficSpike(ObjectReference(kind: "Deployment", namespace: "t", name: "w"), factor: factor)
    let good = run(before: 0, during: 20, after: 0, evidence: seen, factor: factor, of: spike)
    #expect(good.result == .pass, "\(good)")
    #expect(good.during.n >= 200 * factor * Int(spike.holdSeconds))
    let bad = run(before: 0, during: 150, after: 0, evidence: seen, factor: factor, of: spike)
    #expect(bad.result == .fail, "\(bad)")
    let slow = run(before: 0, during: 0, after: 200, evidence: seen, factor: factor, of: spike)
    #expect(slow.result == .fail, "\(slow)")
  }
}
