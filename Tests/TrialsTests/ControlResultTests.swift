import Testing
import Trials

/// Of rounds of attempts: one at the target, one at its open twin.
@Suite struct ControlResultTests {
  static let open = AttemptResult.reached("200")

  func result(_ rounds: [(AttemptResult, openTwin: AttemptResult)]) -> ControlResult {
    rounds.reduce(into: ControlResult(control: .plaintextRefused, applies: true)) {
      $0.count($1.0, openTwin: $1.openTwin)
    }
  }

  @Test func passesOnlyWithARefusalSeenBesideATwinThatWasReached() {
    let seen = result([(.refused("closed"), Self.open)])
    #expect(seen.result == .pass && seen.detail == "closed")
    #expect(result([]).result == .inconclusive && result([]).positiveControl == .notTried)
    #expect(result([(.refused("closed"), .unknown("away"))]).result == .inconclusive)
    #expect(result([(.refused("closed"), .refused("away"))]).result == .inconclusive)
    #expect(result([(.unknown("away"), Self.open)]).result == .inconclusive)
  }

  @Test func oneAttemptThatGotThroughFailsWhateverElseWasSeen() {
    let through = (AttemptResult.reached("200 OK"), openTwin: Self.open)
    let seen = result([(.refused("a"), Self.open), through, (.refused("b"), Self.open)])
    #expect(seen.result == .fail)
    #expect(seen.detail == "200 OK")
    #expect(seen.refused == 2 && seen.reached == 1)
    #expect(result([(.reached("200 OK"), .unknown("away"))]).result == .fail, "even while the twin is out of reach")
  }

  @Test func aTwinThatIsMissedOnceCostsThatRoundAlone() {
    let seen = result([(.refused("a"), Self.open), (.refused("b"), .unknown("slow")), (.refused("c"), Self.open)])
    #expect(seen.positiveControl == .caught && seen.result == .pass)
    #expect(seen.refused == 2 && seen.blind == 1, "what was refused beside a twin out of reach proves nothing")
    #expect(seen.detail == "c")
  }

  /// Refused only while nobody could see, or seen only half of the time.
  @Test func eyesThatAreMostlyShutShowNothing() {
    let late = result([(.unknown("away"), Self.open), (.refused("a"), .unknown("slow"))])
    #expect(late.result == .inconclusive)
    let half = result([(.refused("a"), Self.open), (.refused("b"), .unknown("slow"))])
    #expect(half.positiveControl == .missed && half.result == .inconclusive)
    #expect(half.detail == "the open twin was not reached in 1 of 2 rounds: slow")
    let first = result([(.refused("a"), .unknown("slow")), (.refused("b"), Self.open)])
    #expect(first.detail == half.detail, "whichever round it was")
  }
}
