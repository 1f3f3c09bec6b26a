package import Judgement

/// What becomes of a canary that is shown neither to be worse nor to be no worse in time.
package struct GateDeadline: Sendable, Equatable {
  /// Seconds of judging one share of the users after which the decision is due.
  package var seconds = 60
  /// `rollBack` undoes the wave; `hold` leaves the canary at its share until there is a verdict; `ask` asks a person.
  package var decision = DeadlineDecision.rollBack
  /// Seconds a held canary may wait for its verdict; after them the wave is undone after all.
  package var holdSeconds = 600

  package init() {}
}
