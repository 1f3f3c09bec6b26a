import Judgement
import Planning
import Testing

@testable import Rollout

/// A gate without a verdict in time: never a pass by itself, and what the plan says.
struct DeadlineKeeperTests {
  private static let open = GateVerdict.inconclusive("web: no verdict")

  private func keeper(_ decision: DeadlineDecision) -> DeadlineKeeper {
    var deadline = GateDeadline()
    deadline.decision = decision
    deadline.seconds = 60
    deadline.holdSeconds = 100
    return DeadlineKeeper(deadline: deadline)
  }

  @Test(arguments: DeadlineDecision.allCases) func `a verdict counts whatever the plan says`(
    _ decision: DeadlineDecision
  ) {
    for verdict in [GateVerdict.pass, .fail("worse")] {
      #expect(keeper(decision).course(verdict, seconds: 500) == .end(verdict, reason: verdict.reason))
    }
  }

  @Test func `roll back ends inconclusive`() {
    #expect(
      keeper(.rollBack).course(Self.open, seconds: 60) == .end(Self.open, reason: "inconclusive: web: no verdict"))
  }

  @Test func `hold waits to its end and then rolls back`() {
    #expect(keeper(.hold).course(Self.open, seconds: 60) == .wait(until: 160))
    // Data may stop and come back while it is held.
    #expect(keeper(.hold).course(Self.open, seconds: 159.9) == .wait(until: 160))
    guard case .end(.inconclusive(let reason), _) = keeper(.hold).course(Self.open, seconds: 160) else {
      Issue.record("held for ever")
      return
    }
    #expect(reason == "web: no verdict; it was held for 100 s")
  }

  @Test func `a person decides, and nobody is no consent`() {
    #expect(keeper(.ask).course(Self.open, seconds: 60) == .ask)
    func after(_ answer: GateAnswer?) -> DeadlineKeeper.Course {
      keeper(.ask).course(after: answer, reason: "web: no verdict", seconds: 200)
    }
    #expect(after(.promote) == .end(.pass, reason: "let on by a person, although: web: no verdict"))
    #expect(after(.wait) == .wait(until: 260))
    for answer in [GateAnswer.rollBack, nil] {
      guard case .end(.inconclusive, _) = after(answer) else {
        Issue.record("\(String(describing: answer)) let it on")
        continue
      }
    }
  }
}
