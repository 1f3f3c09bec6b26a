import Synchronization

/// A clock on which only sleeping takes time: the same in every run, however busy the machine is.
final class ManualClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private let time = Mutex(Instant(offset: .zero))
  var now: Instant { time.withLock(\.self) }
  var minimumResolution: Duration { .zero }

  /// Nothing waits here: the time is set.
  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    try Task.checkCancellation()
    time.withLock { $0 = max($0, deadline) }
    // Others have their turn, as when time passes.
    await Task.yield()
  }
}
