/// The course of a rollout as a machine without I/O: an event goes in, commands come out.
///
/// A wave goes: place the canary → judge it at growing shares → promote → watch → trials → probe → commit. Anything
/// but a clear pass leads to an undo of the wave and ends the run. Replaying the events of a journal gives the same
/// state, which is how a killed run goes on.
package struct RolloutMachine: Sendable, Equatable {
  package enum Phase: Sendable, Equatable {
    /// Next: `started`.
    case idle
    /// Next: `prepared`.
    case preparing
    /// Next: `canaryPlaced`.
    case placing(wave: Int)
    /// Next: `shareJudged`.
    case sharing(wave: Int, share: Int)
    /// Next: `promoted`.
    case promoting(wave: Int)
    /// Next: `watched`.
    case watching(wave: Int)
    /// Next: `trialFinished`.
    case trying(wave: Int, trial: Int)
    /// Next: `probed`.
    case probing(wave: Int)
    /// Next: `committed`.
    case committing(wave: Int)
    /// Next: `undone`.
    case undoing(wave: Int, cause: UndoCause)
    case finished(RolloutResult)
  }

  package private(set) var phase: Phase = .idle
  /// Waves promoted so far: the next one to start.
  package private(set) var nextWave: Int
  private let shape: RolloutShape

  package init(shape: RolloutShape, startingAt wave: Int = 0) {
    self.shape = shape
    nextWave = wave
  }

  package mutating func apply(_ event: RolloutEvent) throws(RolloutViolation) -> [RolloutCommand] {
    switch (phase, event) {
    case (.idle, .started):
      phase = .preparing
      return [.prepare(wave: nextWave)]
    case (.preparing, .prepared):
      return startNextWave()
    case (.preparing, .commandFailed):
      phase = .finished(.failed)
      return [.finish(.failed)]
    case (.undoing(let wave, let cause), .undone(let complete)):
      return finish(wave: wave, cause: complete ? cause : .undoIncomplete)
    case (.undoing(let wave, _), .commandFailed):
      return finish(wave: wave, cause: .undoIncomplete)
    case (_, .commandFailed(let reason)):
      guard let wave = currentWave else { throw RolloutViolation(phase: phase, event: event) }
      return undo(wave, because: .commandFailed(reason))
    default:
      return try applyInsideWave(event)
    }
  }

  private mutating func applyInsideWave(_ event: RolloutEvent) throws(RolloutViolation) -> [RolloutCommand] {
    switch (phase, event) {
    case (.placing(let wave), .canaryPlaced):
      phase = .sharing(wave: wave, share: 0)
      return [.judgeShare(wave: wave, percent: shape.shares[0])]
    case (.sharing(let wave, let share), .shareJudged(let verdict)):
      return judged(verdict, wave: wave, share: share)
    case (.promoting(let wave), .promoted):
      phase = .watching(wave: wave)
      return [.watch(wave: wave)]
    case (.watching(let wave), .watched(let verdict)):
      guard case .pass = verdict else { return undo(wave, because: .canary(verdict.reason)) }
      return startTrial(0, wave: wave)
    case (.trying(let wave, let trial), .trialFinished(let verdict)):
      guard case .pass = verdict else { return undo(wave, because: .trial(trial, verdict.reason)) }
      return startTrial(trial + 1, wave: wave)
    case (.probing(let wave), .probed(let verdict)):
      return probed(verdict, wave: wave)
    case (.committing, .committed):
      nextWave += 1
      return startNextWave()
    default:
      throw RolloutViolation(phase: phase, event: event)
    }
  }

  private var currentWave: Int? {
    switch phase {
    case .placing(let wave), .sharing(let wave, _), .promoting(let wave), .watching(let wave), .trying(let wave, _),
      .probing(let wave), .committing(let wave), .undoing(let wave, _):
      wave
    case .idle, .preparing, .finished: nil
    }
  }

  private mutating func startNextWave() -> [RolloutCommand] {
    guard nextWave < shape.trialsPerWave.count else {
      phase = .finished(.promoted)
      return [.finish(.promoted)]
    }
    phase = .placing(wave: nextWave)
    return [.placeCanary(wave: nextWave)]
  }

  private mutating func judged(_ verdict: GateVerdict, wave: Int, share: Int) -> [RolloutCommand] {
    guard case .pass = verdict else { return undo(wave, because: .canary(verdict.reason)) }
    if share + 1 < shape.shares.count {
      phase = .sharing(wave: wave, share: share + 1)
      return [.judgeShare(wave: wave, percent: shape.shares[share + 1])]
    }
    phase = .promoting(wave: wave)
    return [.promote(wave: wave)]
  }

  private mutating func probed(_ verdict: GateVerdict, wave: Int) -> [RolloutCommand] {
    switch verdict {
    case .pass:
      phase = .committing(wave: wave)
      return [.commit(wave: wave)]
    case .fail(let reason): return undo(wave, because: .escape(reason))
    case .inconclusive: return undo(wave, because: .probe(verdict.reason))
    }
  }

  private mutating func startTrial(_ trial: Int, wave: Int) -> [RolloutCommand] {
    guard trial < shape.trialsPerWave[wave] else {
      phase = .probing(wave: wave)
      return [.probe(wave: wave)]
    }
    phase = .trying(wave: wave, trial: trial)
    return [.runTrial(wave: wave, trial: trial)]
  }

  private mutating func undo(_ wave: Int, because cause: UndoCause) -> [RolloutCommand] {
    phase = .undoing(wave: wave, cause: cause)
    return [.undo(wave: wave, cause: cause)]
  }

  private mutating func finish(wave: Int, cause: UndoCause) -> [RolloutCommand] {
    let result: RolloutResult = cause == .undoIncomplete ? .failed : .rolledBack
    phase = .finished(result)
    return [.finish(result)]
  }
}

/// How many trials each wave has, and the shares of users below 100 % at which a canary is judged.
package struct RolloutShape: Sendable, Equatable, Codable {
  package var shares: [Int]
  package var trialsPerWave: [Int]

  package init(shares: [Int] = [5, 25, 50], trialsPerWave: [Int]) {
    precondition(!shares.isEmpty, "a canary needs at least one share")
    self.shares = shares
    self.trialsPerWave = trialsPerWave
  }
}
