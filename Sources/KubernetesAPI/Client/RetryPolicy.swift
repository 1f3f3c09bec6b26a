/// How often, and how fast, something is asked again.
package struct RetryPolicy: Sendable {
  package var attempts = 5
  package var firstDelay = Duration.milliseconds(250)
  package var longestDelay = Duration.seconds(8)
  /// A server may ask for patience, but not for any amount of it.
  package var longestRetryAfter = 60
  /// Waits; tests do not.
  package var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  package init() {}

  /// - Parameter attempt: from 1.
  /// - Returns: how long to wait; nil where it is enough.
  func delay(after failure: APIFailure, attempt: Int) -> Duration? {
    guard attempt < attempts else { return nil }
    if let seconds = failure.retryAfter {
      return seconds <= longestRetryAfter ? .seconds(max(1, seconds)) : nil
    }
    let doubled = firstDelay * (1 << min(attempt - 1, 10))
    // Many clients that failed together must not come back together.
    return min(doubled, longestDelay) * Double.random(in: 0.5...1)
  }
}
