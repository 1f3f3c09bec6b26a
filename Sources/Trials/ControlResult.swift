/// What a control showed over a whole trial.
package struct ControlResult: Sendable, Equatable, Codable {
  package var name: String
  package var title: String
  package var applies: Bool
  package var result: Outcome
  package var positiveControl: PositiveControl
  package var refused: Int
  package var reached: Int
  package var unknown: Int
  /// Rounds that say nothing because the open twin was not reached at the same time.
  package var blind: Int
  /// Rounds in which the open twin was reached.
  private var sighted: Int
  /// What was seen in the latest of the rounds in which it was not.
  private var miss = ""
  /// What was last seen, in the words of the attempt.
  package var detail: String

  package enum Outcome: String, Sendable, Codable { case pass, fail, inconclusive }
  package enum PositiveControl: String, Sendable, Codable { case caught, missed, notTried }

  package init(control: Control, applies: Bool) {
    name = control.kind.rawValue
    title = control.title
    self.applies = applies
    result = .inconclusive
    positiveControl = .notTried
    refused = 0
    reached = 0
    unknown = 0
    blind = 0
    sighted = 0
    detail = applies ? "not tried" : "its policy is not in force yet"
  }

  /// Counts one round: an attempt against the real target and, at the same time, the same against its open twin.
  ///
  /// A refusal counts only beside a twin that was reached: whatever kept the intruder from an open door (a machine that
  /// stalls, its own broken link) may be what kept it from the closed one. What got through counts in any case.
  package mutating func count(_ attempt: AttemptResult, openTwin: AttemptResult) {
    let sees = openTwin.isReached
    if sees {
      sighted += 1
    } else {
      blind += 1
      miss = openTwin.text
    }
    switch attempt {
    case .reached: reached += 1
    case .refused where sees: refused += 1
    case .unknown where sees: unknown += 1
    case .refused, .unknown: break
    }
    conclude()
    switch (result, attempt) {
    case (.fail, .reached), (.pass, .refused): detail = attempt.text
    case (.inconclusive, _) where positiveControl == .missed:
      detail = "the open twin was not reached in \(blind) of \(blind + sighted) rounds: \(miss)"
    case (.inconclusive, _): detail = attempt.text
    default: break
    }
  }

  /// One attempt that got through is a failure. A pass needs a refusal that was seen, and eyes that were open most of
  /// the time: what happens while they are shut is not known.
  private mutating func conclude() {
    positiveControl = sighted > blind ? .caught : .missed
    if reached > 0 {
      result = .fail
    } else if refused > 0 && positiveControl == .caught {
      result = .pass
    } else {
      result = .inconclusive
    }
  }
}
