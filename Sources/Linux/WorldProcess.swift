import CLinux
import Diagnostics
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// A command started inside a world.
package final class WorldProcess: Sendable {
  private struct State {
    var descriptor: Int32 = -1
    var status: Int32?
    var waiters: [Int: CheckedContinuation<Int32?, Never>] = [:]
    var nextWaiter = 0
    /// Kept open for a service: it ends when its standard input ends.
    var input: Int32 = -1
  }
  private let state = Mutex(State())
  private let errors = Capture()
  private let command: String

  fileprivate init(_ command: [String]) { self.command = command.first ?? "" }

  /// The beginning of what it and its offspring wrote to standard error, up to now.
  package var errorText: String { errors.text }

  /// The exit status (see `CommandResult.status`) when it has ended.
  package var status: Int32? { state.withLock(\.status) }

  /// Kills the command with its process group. Its end is then reported like any other.
  package func terminate() {
    state.withLock { state in
      if state.descriptor >= 0 { linux_pidfd_send_signal(state.descriptor, SIGTERM) }
    }
  }

  /// Waits for the end of the command; its offspring may live on.
  package func wait() async -> Int32 { await end(within: nil) ?? 125 }

  /// - Throws: `BulkheadError` after `limit`; the command has then been killed.
  package func wait(limit: Duration) async throws -> Int32 {
    if let status = await end(within: limit) { return status }
    terminate()
    throw BulkheadError(
      .unexpected, "\(command) took longer than \(limit): \(errorText.safeForTerminal)",
      cure: "the machine may be overloaded; try again")
  }

  private func end(within limit: Duration?) async -> Int32? {
    let timer = Mutex<Task<Void, Never>?>(nil)
    let status: Int32? = await withCheckedContinuation { continuation in
      let (id, now): (Int, Int32?) = state.withLock { state in
        state.nextWaiter += 1
        if state.status == nil { state.waiters[state.nextWaiter] = continuation }
        return (state.nextWaiter, state.status)
      }
      if let now { return continuation.resume(returning: now) }
      guard let limit else { return }
      timer.withLock {
        $0 = Task {
          try? await Task.sleep(for: limit)
          self.state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: nil)
        }
      }
    }
    timer.withLock { $0 }?.cancel()
    return status
  }

  /// Starts the command; returns once its process runs.
  /// - Parameters:
  ///   - input, output: given to the child and closed here.
  fileprivate func start(
    _ entry: (Executable, Arguments), input: Int32, output: Int32, drain: OutputDrain
  ) async throws {
    let pipe: PipePair
    do {
      pipe = try PipePair.make()
    } catch {
      for descriptor in [input, output] { close(descriptor) }
      throw error
    }
    drain.add(pipe.read, errors)
    let given = [input, output, pipe.write]
    try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
      let pending = Pending(started)
      Task.detached { await self.run(entry, given, pending) }
    }
  }

  /// The continuation of `start`, to be resumed once: when the process runs or could not be started.
  private final class Pending: Sendable {
    private let pending: Mutex<CheckedContinuation<Void, any Error>?>

    init(_ continuation: CheckedContinuation<Void, any Error>) { pending = Mutex(continuation) }

    func take() -> CheckedContinuation<Void, any Error>? {
      pending.withLock { pending in
        defer { pending = nil }
        return pending
      }
    }
  }

  private func run(_ entry: (Executable, Arguments), _ given: [Int32], _ started: Pending) async {
    func file(_ index: Int) -> FileDescriptor { FileDescriptor(rawValue: given[index]) }
    var status: Int32 = 125
    do {
      let result = try await Subprocess.run(
        entry.0, arguments: entry.1, environment: World.environment,
        input: .fileDescriptor(file(0), closeAfterSpawningProcess: false),
        output: .fileDescriptor(file(1), closeAfterSpawningProcess: false),
        error: .fileDescriptor(file(2), closeAfterSpawningProcess: false)
      ) { execution in
        // Not reaped before this closure returns: the pid is still the child's.
        let descriptor = linux_pidfd_open(execution.processIdentifier.value)
        state.withLock { $0.descriptor = descriptor }
        for descriptor in given { close(descriptor) }
        started.take()?.resume()
      }
      switch result.terminationStatus {
      case .exited(let code): status = code
      case .signaled(let number): status = 128 + number
      }
    } catch {
      if let started = started.take() {
        for descriptor in given { close(descriptor) }
        started.resume(throwing: BulkheadError(.unexpected, "could not start \(command)", cause: error))
      }
    }
    finish(status)
  }

  private func finish(_ status: Int32) {
    let waiters = state.withLock { state in
      state.status = status
      if state.descriptor >= 0 { close(state.descriptor) }
      if state.input >= 0 { close(state.input) }
      (state.descriptor, state.input) = (-1, -1)
      defer { state.waiters = [:] }
      return state.waiters
    }
    for id in waiters.keys.sorted() { waiters[id]?.resume(returning: status) }
  }

  fileprivate func keepOpen(_ input: Int32) { state.withLock { $0.input = input } }

  deinit {
    state.withLock { state in
      if state.descriptor >= 0 { close(state.descriptor) }
      if state.input >= 0 { close(state.input) }
    }
  }
}

extension World {
  /// The longest standard output or error that `run` accepts.
  package static let outputLimit = 16 << 20

  /// Runs a command to its end.
  /// - Parameter limit: after it the command is killed; its status is then 124.
  /// - Throws: `BulkheadError` when the world has ended, the node does not exist, or there is too much output.
  package func run(
    _ command: [String], in place: Place, input: [UInt8] = [], limit: Duration
  ) async throws -> CommandResult {
    let (executable, arguments) = try entry(command, place, limit: limit)
    do {
      // In a task of its own: the command is bounded by `limit`, and a cancelled caller waits for its end instead of
      // tearing its pipes down half-way.
      let result = try await Task {
        try await Subprocess.run(
          executable, arguments: arguments, environment: Self.environment, input: .array(input),
          output: .bytes(limit: Self.outputLimit), error: .bytes(limit: Self.outputLimit))
      }.value
      try Task.checkCancellation()
      let status: Int32 =
        switch result.terminationStatus {
        case .exited(let code): code
        case .signaled(let number): 128 + number
        }
      return CommandResult(
        status: status, output: result.standardOutput, errorText: String(decoding: result.standardError, as: UTF8.self))
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw BulkheadError(.unexpected, "could not run \(command.first ?? "") in the world", cause: error)
    }
  }

  /// Starts a command and returns once it runs.
  ///
  /// - Parameters:
  ///   - input, output: descriptors for its standard input and output, owned by this call; nil is `/dev/null`.
  package func spawn(_ command: [String], in place: Place, input: Int32?, output: Int32?) async throws -> WorldProcess {
    let process = WorldProcess(command)
    let standardInput = input ?? linux_open("/dev/null", O_RDONLY, 0)
    let standardOutput = output ?? linux_open("/dev/null", O_WRONLY, 0)
    let entry: (Executable, Arguments)
    do {
      entry = try self.entry(command, place, limit: nil)
    } catch {
      for descriptor in [standardInput, standardOutput] { close(descriptor) }
      throw error
    }
    try await process.start(entry, input: standardInput, output: standardOutput, drain: drain)
    return process
  }

  /// Starts a program that runs as long as the world or until its handle is dropped and its standard input ends.
  ///
  /// - Parameter expectingLine: wait (at most 10 s) until it has printed a line, which says that it is ready.
  package func service(_ command: [String], in place: Place, expectingLine: Bool) async throws -> WorldProcess {
    let inputs = try PipePair.make()
    let outputs: PipePair
    do {
      outputs = try PipePair.make()
    } catch {
      for descriptor in [inputs.read, inputs.write] { close(descriptor) }
      throw error
    }
    let capture = Capture()
    drain.add(outputs.read, capture)
    let process: WorldProcess
    do {
      process = try await spawn(command, in: place, input: inputs.read, output: outputs.write)
    } catch {
      close(inputs.write)
      throw error
    }
    process.keepOpen(inputs.write)
    guard expectingLine else { return process }
    let timer = Task {
      try await Task.sleep(for: .seconds(10))
      process.terminate()
    }
    defer { timer.cancel() }
    guard await capture.hasLine() else {
      throw BulkheadError(
        .unexpected, "\(command.joined(separator: " ")) did not get ready: \(process.errorText.safeForTerminal)",
        cure: "'bulkhead doctor' names what this machine lacks")
    }
    return process
  }
}
