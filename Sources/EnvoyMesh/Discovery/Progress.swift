import Synchronization

/// Wakes those who wait for sidecars whenever one of them has said something.
final class Progress: Sendable {
  private struct State {
    var next = 0
    var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
  }
  private let state = Mutex(State())

  var signal: @Sendable () -> Void {
    { for listener in self.state.withLock({ Array($0.listeners.values) }) { listener.yield() } }
  }

  func changes() -> Changes {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state in
      state.next += 1
      state.listeners[state.next] = continuation
      return state.next
    }
    continuation.onTermination = { _ in self.state.withLock { $0.listeners[id] = nil } }
    return Changes(stream: stream, continuation: continuation)
  }

  struct Changes: Sendable {
    fileprivate let stream: AsyncStream<Void>
    fileprivate let continuation: AsyncStream<Void>.Continuation

    /// Returns at the next change or at `deadline`, whichever comes first. To be used once.
    func next(until deadline: ContinuousClock.Instant) async throws {
      let alarm = Task {
        try? await Task.sleep(until: deadline, clock: .continuous)
        continuation.finish()
      }
      defer {
        alarm.cancel()
        continuation.finish()
      }
      for await _ in stream { break }
      try Task.checkCancellation()
    }
  }
}
