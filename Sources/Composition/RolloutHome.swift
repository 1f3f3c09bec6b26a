import Rollout

/// What becomes of a wave whose gate failed.
package enum FailurePolicy: String, Sendable, Codable, CaseIterable {
  case rollBack
  /// Everything stays as it is, for people to look at, until the run is aborted.
  case freeze
}

/// What people want of a run at this moment.
struct RolloutWishes: Sendable, Equatable {
  var isPaused = false
  var isAborted = false
  /// Whether the wave that is asked about may begin.
  var isApproved = true
}

/// What a run keeps beside its journal.
enum RunFile: Sendable, Equatable {
  case record, report
  /// Why it was frozen.
  case frozen
  case undone
  /// Which workloads have yet to give their sidecars up.
  case sidecarsLeft
  /// For the sources of a program that keeps an object.
  case patch(String)
}

/// Where a rollout lives: in a folder, or in the cluster itself.
protocol RolloutHome: Sendable {
  /// The fleet as it was when the run began; nil before that.
  func fleet() async throws -> String?
  /// From here on the run exists.
  func begin(fleet: String) async throws
  /// The journal, verified, for as long as `body` runs. There is one user at a time.
  /// - Throws: `BulkheadError` 83 for a damaged one.
  func withJournal<Value: Sendable>(_ body: @Sendable (any Journal) async throws -> Value) async throws -> Value
  /// What was kept; nil where nothing was.
  func kept(_ file: RunFile) async throws -> String?
  func keep(_ text: String, as file: RunFile) async throws
  /// - Parameter wave: counts from 1.
  func wishes(wave: Int) -> RolloutWishes
}
