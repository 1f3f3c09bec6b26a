import Testing
import Trials

@Suite struct ControlResultTests {
  func result(_ attempts: [AttemptResult], positive: [AttemptResult]) -> ControlResult {
    var result = ControlResult(control: .plaintextRefused, applies: true)
    attempts.forEach { result.count($0) }
    positive.forEach { result.countPositive($0) }
    return result
  }

  @Test func passesOnlyWithARefusalSeenAndAPositiveControlCaught() {
    #expect(result([.refused("closed")], positive: [.reached("200")]).result == .pass)
    #expect(result([], positive: [.reached("200")]).result == .inconclusive)
    #expect(result([.refused("closed")], positive: []).result == .inconclusive)
    #expect(result([.unknown("away")], positive: [.reached("200")]).result == .inconclusive)
  }

  @Test func oneAttemptThatGotThroughFailsWhateverElseWasSeen() {
    let seen = result([.refused("a"), .reached("200 OK"), .refused("b")], positive: [.reached("200")])
    #expect(seen.result == .fail)
    #expect(seen.detail == "200 OK")
    #expect(seen.refused == 2 && seen.reached == 1)
  }

  @Test func aBlindPositiveControlStaysBlind() {
    let seen = result([.refused("a")], positive: [.reached("200"), .unknown("away"), .reached("200")])
    #expect(seen.positiveControl == .missed)
    #expect(seen.result == .inconclusive)
  }
}
