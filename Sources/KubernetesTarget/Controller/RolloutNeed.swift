import Diagnostics

/// What a `Rollout` object needs a leader to do. Pure: the object says all.
package enum RolloutNeed: Sendable, Equatable {
  case nothing
  /// Begin it, or go on with it.
  case run
  /// Put everything back that it did.
  case undo
  /// Let the object go.
  case forget
  /// Say what is wrong with it.
  case reject(String)

  /// - Parameter digest: of the plan in the order; nil where it cannot be read.
  package static func of(_ order: RolloutOrder, _ status: RolloutStatus, digest: String?) -> RolloutNeed {
    if order.isDeleting { return whenDeleting(order, status) }
    if let problem = problem(order, status, digest) {
      let isSaid =
        status.observedGeneration == order.generation && status.message == RolloutStatus.message(problem)
      // What is under way goes on as it was begun.
      if !status.phase.isActive { return isSaid ? .nothing : .reject(problem) }
    }
    switch status.phase {
    case .undone: return .nothing
    case .promoted, .rolledBack: return order.action == .undo ? .undo : .nothing
    case .failed: return order.action == .undo && mayTryAgain(order, status) ? .undo : .nothing
    case .frozen:
      switch order.action {
      case .undo: return .undo
      case .abort: return .run
      case .run, .pause: return .nothing
      }
    case .pending, .invalid: return order.action == .run ? .run : .nothing
    case .running, .paused, .awaitingApproval, .rollingBack: return order.action == .undo ? .undo : .run
    case .undoing: return .undo
    }
  }

  /// What could not be put back may be possible later; any other failure needs a changed order.
  private static func mayTryAgain(_ order: RolloutOrder, _ status: RolloutStatus) -> Bool {
    status.observedGeneration < order.generation || status.exitCode == ExitCode.rollbackIncomplete.rawValue
  }

  private static func whenDeleting(_ order: RolloutOrder, _ status: RolloutStatus) -> RolloutNeed {
    guard order.isHeld else { return .nothing }
    switch status.phase {
    case .pending, .invalid, .undone: return .forget
    default:
      if order.onDeletion == .undo {
        return status.phase != .failed || mayTryAgain(order, status) ? .undo : .nothing
      }
      return status.phase.isActive || status.phase == .frozen ? .run : .forget
    }
  }

  private static func problem(_ order: RolloutOrder, _ status: RolloutStatus, _ digest: String?) -> String? {
    if let problem = order.problem { return problem }
    guard let digest else { return "spec.plan cannot be read" }
    guard status.planDigest.isEmpty || status.planDigest == digest else {
      return "spec.plan was changed after the rollout began; make a new Rollout for another plan"
    }
    return nil
  }
}
