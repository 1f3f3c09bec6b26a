import Linux
import Testing
import Trials

extension Rollout {
  /// A run that is to end with a verdict on a canary. Where this machine's host gave a tenth of what was wanted to
  /// others meanwhile, another verdict means nothing: what was done is taken back, and it begins anew, twice at most.
  /// - Parameters:
  ///   - verdict: part of the last wave's reason.
  ///   - run: begins a run in the folder of this name, and waits for its end.
  /// - Returns: how it ended, and its record.
  func judged(
    as verdict: String, _ run: (_ out: String) async throws -> Tool.Ending
  ) async throws -> (ending: Tool.Ending, record: RunRecord) {
    var attempt = 1
    while true {
      let (out, before) = ("run-\(attempt)", Self.machine)
      let ending = try await run(out)
      let record = try record(out)
      let (reason, share) = (record.waves.last?.reason ?? "", Self.takenShare(since: before))
      if reason.contains(verdict) || share < 0.1 || attempt == 3 { return (ending, record) }
      print("run again: the host took \(Int(share * 100)) % of what was wanted of this machine's processors; \(reason)")
      let undone = try await bulkhead("rollout", "undo", path(out))
      try #require(undone.code == 0, "\(undone.messages)")
      attempt += 1
    }
  }

  private static var machine: MachineTime {
    ProcessorTimes.now().map {
      MachineTime(total: $0.clock * Double($0.processors), idle: $0.idle, used: $0.used, stolen: $0.stolen)
    } ?? MachineTime()
  }

  private static func takenShare(since before: MachineTime) -> Double {
    let now = machine
    let taken = now.taken(since: before)
    return taken / max(now.used - before.used + taken, 0.001)
  }
}
