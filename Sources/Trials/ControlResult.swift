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
    detail = applies ? "not tried" : "its policy is not in force yet"
  }

  /// Counts one attempt against the real target.
  package mutating func count(_ attempt: AttemptResult) {
    switch attempt {
    case .refused(let text):
      refused += 1
      if reached == 0 { detail = text }
    case .reached(let text):
      reached += 1
      detail = text
    case .unknown(let text):
      unknown += 1
      if refused + reached == 0 { detail = text }
    }
    conclude()
  }

  /// Counts one attempt against the open twin, which must be reached. Missing it once is enough to be blind.
  package mutating func countPositive(_ attempt: AttemptResult) {
    switch attempt {
    case .reached:
      if positiveControl == .notTried { positiveControl = .caught }
    case .refused(let text), .unknown(let text):
      positiveControl = .missed
      detail = "the open twin was not reached: \(text)"
    }
    conclude()
  }

  /// One reached attempt is a failure. A pass needs a refusal that was seen and a positive control that was caught.
  private mutating func conclude() {
    if reached > 0 {
      result = .fail
    } else if refused > 0 && positiveControl == .caught {
      result = .pass
    } else {
      result = .inconclusive
    }
  }
}
