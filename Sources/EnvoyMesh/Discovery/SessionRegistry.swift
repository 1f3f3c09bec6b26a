import NIOCore
import Synchronization

/// The sessions of all pods, by the uid that their credential names.
final class SessionRegistry: Sendable {
  /// A pod's subscriptions with the connections that carry them.
  final class PodSession: Sendable {
    let session: SidecarSession
    private let state = Mutex<(channels: [ObjectIdentifier: any Channel], last: ResourceSet?)>(([:], nil))

    init(uid: String) { session = SidecarSession(podID: uid, changed: {}) }

    /// Nothing is done where nothing is new.
    func offer(_ set: ResourceSet, inUse: Bool) {
      let isNew = state.withLock { state in
        defer { state.last = set }
        return state.last != set
      }
      if isNew { session.publish(set, inUse: inUse) }
    }

    func open(_ channel: any Channel) -> Bool {
      let id = ObjectIdentifier(channel)
      state.withLock { $0.channels[id] = channel }
      channel.closeFuture.whenComplete { _ in
        self.state.withLock { $0.channels[id] = nil }
        self.session.connectionClosed()
      }
      return session.connectionOpened()
    }

    func close() { for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) } }
  }

  private struct State {
    var sessions: [String: PodSession] = [:]
    /// Pods that got a credential and were not seen in a published state yet, oldest first.
    var admitted: [String] = []
  }
  private let state = Mutex(State())
  /// A cluster's view of its pods is seconds behind at most; more than these are no honest crowd.
  private static let mostAdmitted = 4_096

  func admit(_ uid: String) {
    state.withLock { state in
      guard state.sessions[uid] == nil, !state.admitted.contains(uid) else { return }
      if state.admitted.count >= Self.mostAdmitted { state.admitted.removeFirst() }
      state.admitted.append(uid)
    }
  }

  /// The session of a pod, made where there is none yet.
  func session(_ uid: String) -> PodSession {
    state.withLock { state in
      if let known = state.sessions[uid] { return known }
      let session = PodSession(uid: uid)
      state.sessions[uid] = session
      return session
    }
  }

  func known(_ uid: String) -> PodSession? { state.withLock { $0.sessions[uid] } }

  /// The session of a pod that shows its credential; nil for one that is gone.
  func connected(_ uid: String) -> PodSession? {
    let isExpected = state.withLock { $0.sessions[uid] != nil || $0.admitted.contains(uid) }
    return isExpected ? session(uid) : nil
  }

  /// Only these pods are there. One that was admitted lately may not have been seen yet and is kept.
  ///
  /// Each has its session from here on: one that connects before there is anything to offer waits for it.
  func keep(_ uids: Set<String>) {
    let gone = state.withLock { state in
      for uid in uids where state.sessions[uid] == nil { state.sessions[uid] = PodSession(uid: uid) }
      let gone = state.sessions.filter { !uids.contains($0.key) && !state.admitted.contains($0.key) }
      for uid in gone.keys { state.sessions[uid] = nil }
      state.admitted.removeAll { uids.contains($0) }
      return gone.values
    }
    for session in gone { session.close() }
  }
}

/// How many connections a listener takes.
final class ConnectionLimit: Sendable {
  private let count = Mutex(0)
  private let most: Int

  init(_ most: Int) { self.most = most }

  func open(_ channel: any Channel) -> Bool {
    let isAllowed = count.withLock { count in
      count += 1
      return count <= most
    }
    channel.closeFuture.whenComplete { _ in self.count.withLock { $0 -= 1 } }
    return isAllowed
  }
}
