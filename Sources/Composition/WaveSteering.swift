import Diagnostics
import Foundation
import Planning
import Rollout

/// Whether a wave may go on: as people wish, and in the time that the plan gives it.
struct WaveSteering: Sendable {
  let home: any RolloutHome
  let observer: any RolloutObserver
  var now: @Sendable () -> Instant = WaveSteering.clock

  @Sendable static func clock() -> Instant { Instant(seconds: Int(Date().timeIntervalSince1970)) }

  /// Waits while the run is paused or its wave not approved.
  func mayGoOn(_ wave: Wave) async throws {
    try await rest(wave, notBefore: nil)
    try home.wishes(wave: wave.index + 1).refuseIfAborted()
  }

  /// Waits for a wave's time, before anything of it is done. Who aborts meanwhile is heard by what follows.
  /// - Throws: `BulkheadError(.configuration)` once that time is over.
  func mayBegin(_ wave: Wave) async throws {
    guard let window = wave.window else { return }
    try await rest(wave, notBefore: window.start)
    guard window.end <= now(), !home.wishes(wave: wave.index + 1).isAborted else { return }
    throw BulkheadError(
      .configuration, "the time of \(wave.name.safeForTerminal) was over at \(window.end), and it had not begun",
      cure: "take the run back, and plan anew for times to come; the waves before it stay until then")
  }

  private enum Wait: Equatable { case paused, unapproved, early(Instant) }

  /// Until nothing is waited for, or the run is aborted.
  private func rest(_ wave: Wave, notBefore start: Instant?) async throws {
    var said: Wait?
    while let wait = wait(wave, notBefore: start) {
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

  private func wait(_ wave: Wave, notBefore start: Instant?) -> Wait? {
    let wishes = home.wishes(wave: wave.index + 1)
    if wishes.isAborted { return nil }
    if wishes.isPaused { return .paused }
    if !wishes.isApproved { return .unapproved }
    return start.flatMap { now() < $0 ? .early($0) : nil }
  }
}
