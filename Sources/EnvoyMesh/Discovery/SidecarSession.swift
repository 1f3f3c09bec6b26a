import Synchronization

/// The subscriptions of one pod, shared by the connections on its socket and by whoever publishes.
final class SidecarSession: Sendable {
  typealias Reply = @Sendable (_ body: String?) -> Void

  private struct State {
    var subscriptions = Subscriptions()
    var replies: [UInt64: Reply] = [:]
    var nextPoll: UInt64 = 0
    var connections = 0
    var guardedUntil: ContinuousClock.Instant?
    var lastWords = ""
    var refusedSince: ContinuousClock.Instant?
  }
  /// A sidecar needs one connection per subscription; this leaves room for hundreds of services.
  static let maximumConnections = 1024

  let podID: String
  private let state = Mutex(State())
  private let changed: @Sendable () -> Void

  init(podID: String, changed: @escaping @Sendable () -> Void) {
    self.podID = podID
    self.changed = changed
  }

  func publish(_ set: ResourceSet, inUse: Bool) {
    let answers = state.withLock { state in
      state.lastWords = ""
      state.refusedSince = nil
      return state.subscriptions.publish(set, inUse: inUse).map {
        (state.replies.removeValue(forKey: $0.poll), $0.body)
      }
    }
    for (reply, body) in answers { reply?(body) }
  }

  /// Calls `reply` once: now, when something newer is published, or on `expire` (nil: nothing new).
  /// Returns the poll and how to hold it, or nil when it was answered.
  func ask(_ request: DiscoveryRequest, reply: @escaping Reply) -> (poll: UInt64, isRefused: Bool)? {
    let (poll, decision) = state.withLock { state in
      state.nextPoll += 1
      let poll = state.nextPoll
      let decision = state.subscriptions.ask(request, poll: poll)
      if case .hold(let isRefused) = decision {
        state.replies[poll] = reply
        if isRefused, state.refusedSince == nil { state.refusedSince = .now }
      }
      if state.subscriptions.beginsDraining() {
        state.guardedUntil = .now + .milliseconds(Bootstrap.drainSeconds * 1000 + 150)
      }
      return (poll, decision)
    }
    changed()
    switch decision {
    case .answer(let body):
      reply(body)
      return nil
    case .hold(let isRefused): return (poll, isRefused)
    }
  }

  func expire(poll: UInt64) {
    let (reply, body) = state.withLock { state in
      (state.replies.removeValue(forKey: poll), state.subscriptions.expire(poll: poll))
    }
    reply?(body)
  }

  func abandon(poll: UInt64) {
    state.withLock { state in
      state.replies[poll] = nil
      state.subscriptions.abandon(poll: poll)
    }
  }

  /// False when the socket has too many connections already.
  func connectionOpened() -> Bool {
    state.withLock { state in
      state.connections += 1
      return state.connections <= Self.maximumConnections
    }
  }

  func connectionClosed() {
    state.withLock { state in
      state.connections -= 1
      guard state.connections == 0 else { return }
      state.subscriptions.restart()
      state.replies = [:]
      state.lastWords = ""
    }
    changed()
  }

  /// Remembers what the sidecar's log says about a refusal: its REST client does not tell the server.
  func note(logLine: String) {
    guard logLine.contains("rejected") || logLine.contains("[critical]") || logLine.contains("[error]") else { return }
    state.withLock { $0.lastWords = Self.words(in: logLine) }
    changed()
  }

  /// The message of a log line without time, level and source file.
  private static func words(in logLine: String) -> String {
    let message = logLine.firstRange(of: "] [source/").map { logLine[$0.upperBound...] } ?? logLine[...]
    let text = message.firstRange(of: "] ").map { message[$0.upperBound...] } ?? message
    return String(text.prefix(2000))
  }

  struct Report: Sendable {
    var standing: Subscriptions.Standing
    var key: ResourceKey?
    /// Connections made under older rules may live until then.
    var guardedUntil: ContinuousClock.Instant?
    var lastWords: String
    var refusedSince: ContinuousClock.Instant?
  }

  func report() -> Report {
    state.withLock { state in
      let (standing, key) = state.subscriptions.standing()
      return Report(
        standing: standing, key: key, guardedUntil: state.guardedUntil, lastWords: state.lastWords,
        refusedSince: state.refusedSince)
    }
  }
}
