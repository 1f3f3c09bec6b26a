import CLinux
import Diagnostics
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// One run of the watcher: starts it, reads its events, knows when it is gone.
final class WorldSession: Sendable {
  struct Facts: Sendable {
    /// The watcher, the world's init, and the inode of the world's pid namespace, all as this process sees them.
    var watcher: pid_t
    var world: pid_t
    var inode: UInt
    /// Node → pid of its init in the world's pid namespace.
    var nodes: [String: pid_t]
  }

  private struct State {
    var facts = Facts(watcher: 0, world: 0, inode: 0, nodes: [:])
    var worldDescriptor: Int32 = -1
    var ready = false
    var ended = false
    var failure: BulkheadError?
    var startWaiters: [CheckedContinuation<Void, any Error>] = []
    var endWaiters: [CheckedContinuation<Void, Never>] = []
    var lifeline: Int32 = -1
  }

  private let state = Mutex(State())
  let exits: AsyncStream<ProcessExit>
  private let reportExit: AsyncStream<ProcessExit>.Continuation

  init() { (exits, reportExit) = AsyncStream.makeStream() }

  var facts: Facts { state.withLock(\.facts) }
  var hasEnded: Bool { state.withLock(\.ended) }

  /// Starts the watcher; returns when the world and its nodes are ready.
  func start(_ program: String, _ arguments: [String]) async throws {
    let pipe = try PipePair.make()
    state.withLock { $0.lifeline = pipe.write }
    // Lives as long as the watcher, whatever becomes of the task that called: cleaning up must not be cancelled.
    Task.detached { await self.watch(program, arguments, lifeline: pipe.read) }
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      let outcome: Result<Void, any Error>? = state.withLock { state in
        if state.ready { return .success(()) }
        if state.ended { return .failure(Self.failure(state)) }
        state.startWaiters.append(continuation)
        return nil
      }
      if let outcome { continuation.resume(with: outcome) }
    }
  }

  private func watch(_ program: String, _ arguments: [String], lifeline: Int32) async {
    var failure: BulkheadError?
    do {
      let result = try await Subprocess.run(
        .path(FilePath(program)), arguments: Arguments(arguments), environment: World.environment,
        input: .fileDescriptor(FileDescriptor(rawValue: lifeline), closeAfterSpawningProcess: true),
        output: .sequence, error: .string(limit: 1 << 16)
      ) { execution in
        state.withLock { $0.facts.watcher = execution.processIdentifier.value }
        for try await line in execution.standardOutput.strings() { take(line) }
      }
      let text = result.standardError.split(separator: "\n").joined(separator: "; ")
      if !result.terminationStatus.isSuccess || !text.isEmpty {
        failure = BulkheadError(
          .unexpected, "the world's watcher ended: \(text.isEmpty ? "\(result.terminationStatus)" : text)",
          cure: "'bulkhead doctor' names what this machine lacks")
      }
    } catch {
      failure = BulkheadError(
        .configuration, "could not run \(program)", cure: "install the whole package", cause: error)
    }
    end(failure)
  }

  private func end(_ failure: BulkheadError?) {
    let (start, end, error) = state.withLock { state in
      state.ended = true
      state.failure = failure
      defer { (state.startWaiters, state.endWaiters) = ([], []) }
      return (state.startWaiters, state.endWaiters, Self.failure(state))
    }
    reportExit.finish()
    for waiter in start { waiter.resume(throwing: error) }
    for waiter in end { waiter.resume() }
  }

  private static func failure(_ state: State) -> BulkheadError {
    state.failure ?? BulkheadError(.unexpected, "the world ended before it was ready")
  }

  /// Takes one event. What a world says is not trusted: a line of the wrong form is dropped.
  private func take(_ line: String) {
    let words = line.split(separator: " ").map(String.init)
    switch (words.first, words.count) {
    case ("world", 3):
      guard let pid = pid_t(words[1]), let inode = UInt(words[2]) else { return }
      state.withLock { state in
        guard state.facts.world == 0 else { return }
        state.facts.world = pid
        state.facts.inode = inode
        state.worldDescriptor = linux_pidfd_open(pid)
      }
    case ("node", 3):
      guard let pid = pid_t(words[2]) else { return }
      state.withLock { if !$0.ready { $0.facts.nodes[words[1]] = pid } }
    case ("ready", 1):
      let waiters = state.withLock { state in
        state.ready = true
        defer { state.startWaiters = [] }
        return state.startWaiters
      }
      for waiter in waiters { waiter.resume() }
    case ("exit", 5):
      guard let pid = Int32(words[2]), let number = Int32(words[4]), facts.nodes[words[1]] != nil else { return }
      let ending: ProcessExit.Ending = words[3] == "signal" ? .signalled(number) : .exited(number)
      reportExit.yield(ProcessExit(node: words[1], pid: pid, ending: ending))
    default: break
    }
  }

  /// Tells the watcher to end the world.
  func cutLifeline() {
    let lifeline = state.withLock { state in
      defer { state.lifeline = -1 }
      return state.lifeline
    }
    if lifeline >= 0 { close(lifeline) }
  }

  /// Returns when the watcher is gone.
  func waitForEnd() async {
    await withCheckedContinuation { continuation in
      let now = state.withLock { state in
        if !state.ended { state.endWaiters.append(continuation) }
        return state.ended
      }
      if now { continuation.resume() }
    }
  }

  /// True when no process of the world is left (its init is reported dead only after all others).
  var worldIsGone: Bool {
    state.withLock { state in
      guard state.worldDescriptor >= 0 else { return true }
      var polled = pollfd(fd: state.worldDescriptor, events: Int16(POLLIN), revents: 0)
      return poll(&polled, 1, 0) != 0
    }
  }

  deinit {
    state.withLock { state in
      if state.lifeline >= 0 { close(state.lifeline) }
      if state.worldDescriptor >= 0 { close(state.worldDescriptor) }
    }
  }
}
