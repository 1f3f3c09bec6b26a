package import Breach
package import FleetModel
package import IntentModel
package import Planning

/// The port to where a plan is carried out. Every call is idempotent for its wave and throws without having taken
/// half an effect back: the executor then calls `undo`. Cancelling a call leaves the target to `undo`.
package protocol RolloutTarget: Sendable {
  /// Puts the target into the state before a wave: these postures, users' traffic flowing, everything ready.
  func prepare(_ postures: [ObjectReference: Posture]) async throws
  /// Waits until a wave may begin, before anything of it is done. What is thrown stops the run where it is, to be gone
  /// on with.
  func mayBegin(_ wave: Wave) async throws
  /// Starts a canary of each workload of the wave in its new posture and gives it this share of the users, in percent
  /// (100: all users, on as many new pods as the workload has).
  func shift(_ wave: Wave, to percent: Int) async throws
  /// Waits while people hold the run; asked before each trial and each attempt to break out.
  func mayGoOn(_ wave: Wave) async throws
  /// Removes what the wave replaced. From here on the new state is the state.
  func commit(_ wave: Wave) async throws
  /// Puts everything back to before the wave, last step first; returns what could not be undone, in words.
  func undo(_ wave: Wave) async -> [String]
  /// Ends everything and leaves nothing.
  func close() async
}

extension RolloutTarget {
  /// Begins at once: most targets know no times.
  package func mayBegin(_ wave: Wave) async throws {}
  /// Goes on at once: nobody steers most targets.
  package func mayGoOn(_ wave: Wave) async throws {}
}

/// The port through which escapes are tried. A probe changes nothing that lasts.
package protocol EscapeRange: Sendable {
  /// Each vector from a container made weak for it: it must get out, or its probe is blind.
  func probeWeakened(_ vectors: [Vector]) async throws -> [ProbeRecord]
  /// The vectors from a container of each workload as the manifest has it (`before`) or as it is now (`after`).
  func probe(_ vectors: [Vector], from workloads: [ObjectReference], phase: ProbeRecord.Phase) async throws
    -> [ProbeRecord]
}
