import Diagnostics
import Foundation
import Planning
import Rollout

/// Whether a wave may go on: as people wish, and in the time that the plan gives it.
struct WaveSteering: Sendable {
  let home: any RolloutHome
  let observer: any RolloutObserver
  var now: @Sendable () -> Instant = { Instant(seconds: Int(Date().timeIntervalSince1970)) }

  /// Waits while the run is paused, its wave not approved, or its time not come.
  func mayGoOn(_ wave: Wave) async throws {
    var said: Wait?
    while let wait = try wait(wave) {
      if said != wait {
        switch wait {
        case .paused: await observer.observe(.paused)
        case .unapproved: await observer.observe(.awaitingApproval(wave: wave.name))
        case .early(let start): await observer.observe(.awaitingTime(wave: wave.name, start.description))
        }
        said = wait
      }
      try await Task.sleep(for: .milliseconds(250))
    }
  }

  private enum Wait: Equatable { case paused, unapproved, early(Instant) }

  private func wait(_ wave: Wave) throws -> Wait? {
    let wishes = home.wishes(wave: wave.index + 1)
    try wishes.refuseIfAborted()
    if wishes.isPaused { return .paused }
    if !wishes.isApproved { return .unapproved }
    return wave.window.flatMap { now() < $0.start ? .early($0.start) : nil }
  }

  /// A wave that has begun is carried to its end; none begins once its time is over.
  func mayBegin(_ wave: Wave) throws {
    guard let window = wave.window, window.end <= now() else { return }
    throw BulkheadError(
      .configuration, "the time of \(wave.name.safeForTerminal) was over at \(window.end)",
      cure: "take the run back, and plan anew for times to come")
  }
}
