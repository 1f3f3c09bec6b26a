import FleetModel
import Linux
import Trials

/// A limit of one pod's application, and what was there before it.
struct LimitNote: Sendable {
  enum Kept: Sendable, Equatable {
    case processor(was: ProcessorLimit, set: ProcessorLimit)
    case memory(was: MemoryLimit, set: MemoryLimit)
  }
  var pod: String
  var kept: Kept
  var throttlingBefore = Throttling()
  var pressureBefore = MemoryPressure()
  /// Read when the application ended: with it goes its control group.
  var pressureAtEnd: MemoryPressure?
  /// The kernel knows no end of a limit: without `end` this takes it back. When the program dies, so does the group.
  var timer: Task<Void, Never>?
}

/// What the kernel counted of a limit.
extension LocalTwin {
  func limitEvidence(_ note: LimitNote, _ victim: String, ending: String?) -> FaultEvidence {
    let leaf = pods[note.pod]?.appContainer ?? ""
    switch note.kept {
    case .processor(_, let set):
      guard let now = try? running().world.throttling(of: leaf) else {
        return FaultEvidence(verified: false, text: "\(victim) is gone, and with it the count of its throttling")
      }
      let grown = now - note.throttlingBefore
      let seconds = (grown.seconds * 10).rounded() / 10
      let wanted = ((set.processors ?? 0) * 10_000).rounded() / 10
      return FaultEvidence(
        verified: grown.periods > 0 && grown.seconds > 0,
        text:
          "\(victim) was held to \(wanted) millicores: throttled in \(grown.periods) periods, \(seconds) s in all")
    case .memory(_, let set):
      let now = note.pressureAtEnd ?? (try? running().world.memoryPressure(of: leaf))
      guard let now else { return FaultEvidence(verified: false, text: "nothing was counted of \(victim)'s memory") }
      let grown = now - note.pressureBefore
      let how = ending.map { "; it \($0)" } ?? ""
      return FaultEvidence(
        verified: grown.hits > 0 || grown.kills > 0,
        text: "\(victim) hit its limit of \(set.bytes >> 20) MiB \(grown.hits) times, "
          + "and the kernel ended \(grown.kills) of its processes\(how)")
    }
  }

  /// Called when a process of a pod ended, before anything of it is cleared away.
  func notePressure(of pod: TwinPod) {
    for (fault, note) in faultNotes {
      guard let limit = note.limit, limit.pod == pod.id, limit.pressureAtEnd == nil, case .memory = limit.kept else {
        continue
      }
      let seen = site?.world.memoryPressure(of: pod.appContainer)
      // The sidecar's end is none of the application's.
      if let seen, (seen - limit.pressureBefore).kills > 0 { faultNotes[fault]?.limit?.pressureAtEnd = seen }
    }
  }
}
