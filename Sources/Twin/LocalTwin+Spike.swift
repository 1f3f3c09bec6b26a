import Diagnostics
import FleetModel
import IntentModel
import StandinProtocol
import Trials

/// More requests of users than there were, and the count of them before and after.
struct SpikeNote: Sendable {
  var factor: Int
  /// Requests per second as they were sent before.
  var rateBefore = 0.0
  var sentBefore = 0
  var began: ContinuousClock.Instant?
}

/// What the stand-ins that play users are told; one of them that is started again meanwhile is told, too.
struct RunningSpike: Sendable {
  var workload: ObjectReference
  var factor: Int
  var until: ContinuousClock.Instant
}

extension LocalTwin {
  /// Long enough for a dozen of the stand-ins' reports.
  private static let before: Duration = .milliseconds(1200)

  func spike(_ fault: Fault, _ workload: ObjectReference, _ factor: Int, _ limit: Duration) async throws {
    faultNotes[fault] = FaultNote(spike: SpikeNote(factor: factor))
    do {
      guard pods.values.contains(where: { sendsUsers($0, to: workload) }) else {
        throw BulkheadError(.unexpected, "nobody plays users of \(workload)")
      }
      let (sent, start) = (board.usersSent, ContinuousClock.now)
      try await Task.sleep(for: Self.before)
      let rate = Double(board.usersSent - sent) / ((.now - start) / .seconds(1))
      guard rate > 0 else { throw BulkheadError(.unexpected, "no user sends anything to \(workload)") }
      runningSpike = RunningSpike(workload: workload, factor: factor, until: .now + limit)
      tellOfSpike(to: workload, Spike(factor: Double(factor), seconds: limit / .seconds(1)))
      faultNotes[fault]?.spike = SpikeNote(
        factor: factor, rateBefore: rate, sentBefore: board.usersSent, began: .now)
    } catch {
      // Nobody ends a fault that did not begin.
      endSpike(of: workload)
      faultNotes[fault] = nil
      throw error
    }
  }

  func endSpike(of workload: ObjectReference) {
    guard runningSpike != nil else { return }
    runningSpike = nil
    tellOfSpike(to: workload, Spike(factor: 1, seconds: 0))
  }

  func spikeEvidence(_ note: SpikeNote) -> FaultEvidence {
    guard let began = note.began else { return FaultEvidence(verified: false, text: "the spike did not begin") }
    let seconds = (.now - began) / .seconds(1)
    let rate = seconds > 0 ? Double(board.usersSent - note.sentBefore) / seconds : 0
    // Half of the wanted rise cannot come from anything else.
    return FaultEvidence(
      verified: rate >= note.rateBefore * Double(1 + note.factor) / 2,
      text: "users' requests rose from \(Int(note.rateBefore.rounded())) to \(Int(rate.rounded())) a second")
  }

  /// What is left of a spike under way, for a stand-in that has just been told everything else.
  func spikeNow(for pod: TwinPod) -> Spike? {
    guard let running = runningSpike, running.until > .now, sendsUsers(pod, to: running.workload) else { return nil }
    return Spike(factor: Double(running.factor), seconds: (running.until - .now) / .seconds(1))
  }

  private func tellOfSpike(to workload: ObjectReference, _ spike: Spike) {
    for pod in pods.values where sendsUsers(pod, to: workload) { links[pod.id]?.send(StandinOrder(spike: spike)) }
  }

  private func sendsUsers(_ pod: TwinPod, to workload: ObjectReference) -> Bool {
    pod.users != nil && pod.state == .ready
      && pod.calls.contains { call in
        guard let target = ObjectReference(parsing: call.target) else { return false }
        return target == workload || board.answers(target, others: workload)
      }
  }
}
