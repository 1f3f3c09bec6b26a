import Judgement
import Planning

/// What a person may answer when a gate has no verdict in time.
package enum GateAnswer: String, Sendable, CaseIterable { case promote, wait, rollBack }

/// What a person is asked when a plan says `ask`.
package struct GateQuestion: Sendable, Equatable {
  package var wave: String
  /// The share of the users that the canary has, in percent.
  package var percent: Int
  package var reason: String
}

/// The port to whoever answers for a gate without a verdict; nil when there is nobody to ask.
package protocol GateArbiter: Sendable {
  func decide(_ question: GateQuestion) async throws -> GateAnswer?
}

/// Where no person watches.
package struct NobodyToAsk: GateArbiter {
  package init() {}
  package func decide(_ question: GateQuestion) async throws -> GateAnswer? { nil }
}

/// Decides what becomes of one share when its gate has a verdict, or has none in time. Pure; time is handed in.
struct DeadlineKeeper: Sendable {
  enum Course: Sendable, Equatable {
    case end(GateVerdict, reason: String)
    /// Looks on until this many seconds after the share began.
    case wait(until: Double)
    case ask
  }

  let deadline: GateDeadline

  /// - Parameter seconds: since the share began.
  func course(_ verdict: GateVerdict, seconds: Double) -> Course {
    guard case .inconclusive(let reason) = verdict else { return .end(verdict, reason: verdict.reason) }
    switch deadline.decision {
    case .rollBack: return .end(verdict, reason: verdict.reason)
    case .ask: return .ask
    case .hold:
      let last = Double(deadline.seconds + deadline.holdSeconds)
      guard seconds >= last else { return .wait(until: last) }
      return ended("\(reason); it was held for \(deadline.holdSeconds) s")
    }
  }

  /// - Parameter seconds: since the share began, when the answer came.
  func course(after answer: GateAnswer?, reason: String, seconds: Double) -> Course {
    switch answer {
    case .promote: .end(.pass, reason: "let on by a person, although: \(reason)")
    case .wait: .wait(until: seconds + Double(deadline.seconds))
    case .rollBack: ended("\(reason); a person had it rolled back")
    case nil: ended("\(reason); nobody was there to be asked")
    }
  }

  private func ended(_ reason: String) -> Course {
    let verdict = GateVerdict.inconclusive(reason)
    return .end(verdict, reason: verdict.reason)
  }
}
