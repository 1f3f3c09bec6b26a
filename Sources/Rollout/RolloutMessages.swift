/// What has happened; past tense. The journal holds these, in order.
package enum RolloutEvent: Sendable, Equatable, Codable {
  case started
  case prepared
  case canaryPlaced
  case shareJudged(GateVerdict)
  case promoted
  case watched(GateVerdict)
  case trialFinished(GateVerdict)
  case probed(GateVerdict)
  case committed
  case undone(complete: Bool)
  /// The command that was under way could not be carried out.
  case commandFailed(String)
}

/// What is to be done next; imperative. Each is idempotent for its wave.
package enum RolloutCommand: Sendable, Equatable, Codable {
  /// Build the target as it is before `wave`.
  case prepare(wave: Int)
  case placeCanary(wave: Int)
  case judgeShare(wave: Int, percent: Int)
  case promote(wave: Int)
  case watch(wave: Int)
  case runTrial(wave: Int, trial: Int)
  case probe(wave: Int)
  case commit(wave: Int)
  case undo(wave: Int, cause: UndoCause)
  case finish(RolloutResult)
}

/// A gate lets a wave on only with `pass`; inconclusive is not a pass.
package enum GateVerdict: Sendable, Equatable, Codable {
  case pass
  case fail(String)
  case inconclusive(String)

  package var reason: String {
    switch self {
    case .pass: ""
    case .fail(let reason): reason
    case .inconclusive(let reason): "inconclusive: \(reason)"
    }
  }
}

package enum UndoCause: Sendable, Equatable, Codable {
  case canary(String)
  case trial(Int, String)
  /// A probe got out although the wave's steps should have closed its vector.
  case escape(String)
  /// The probes gave no clear answer.
  case probe(String)
  case commandFailed(String)
  case undoIncomplete

  package var text: String {
    switch self {
    case .canary(let reason): "canary: \(reason)"
    case .trial(let index, let reason): "trial \(index + 1): \(reason)"
    case .escape(let reason): "escape: \(reason)"
    case .probe(let reason): "probe: \(reason)"
    case .commandFailed(let reason): reason
    case .undoIncomplete: "the undo could not be finished"
    }
  }
}

package enum RolloutResult: String, Sendable, Equatable, Codable { case promoted, rolledBack, failed }

/// An event that cannot happen in a phase: a bug in the executor or a journal of something else.
package struct RolloutViolation: Error, Sendable, Equatable, CustomStringConvertible {
  package var phase: RolloutMachine.Phase
  package var event: RolloutEvent

  package var description: String { "event \(event) cannot happen in phase \(phase)" }
}
