import CLinux
import Foundation
import Glibc
import Synchronization

/// What came out of one pipe: the first bytes are kept, the rest is read and dropped so that the writer never blocks.
final class Capture: Sendable {
  static let limit = 1 << 16

  private struct State {
    var bytes: [UInt8] = []
    var ended = false
    var lineWaiter: CheckedContinuation<Bool, Never>?
  }
  private let state = Mutex(State())

  var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

  func append(_ bytes: ArraySlice<UInt8>) {
    settle { state in state.bytes += bytes.prefix(max(0, Self.limit - state.bytes.count)) }
  }

  func end() { settle { $0.ended = true } }

  private func settle(_ change: (inout State) -> Void) {
    let (waiter, line) = state.withLock { state in
      change(&state)
      let line = state.bytes.contains(10)
      guard line || state.ended else { return (nil as CheckedContinuation<Bool, Never>?, false) }
      defer { state.lineWaiter = nil }
      return (state.lineWaiter, line)
    }
    waiter?.resume(returning: line)
  }

  /// True as soon as a whole line has come; false when the pipe ended before. For one waiter.
  func hasLine() async -> Bool {
    await withCheckedContinuation { continuation in
      let now: Bool? = state.withLock { state in
        let line = state.bytes.contains(10)
        if line || state.ended { return line }
        state.lineWaiter = continuation
        return nil
      }
      if let now { continuation.resume(returning: now) }
    }
  }
}

/// Empties the pipes of long-lived processes on one thread of its own. A container started in the background inherits
/// the launcher's standard error for its whole life: nobody else would read it.
final class OutputDrain: Sendable {
  private struct State {
    var pipes: [(descriptor: Int32, capture: Capture)] = []
    var wake: Int32 = -1
    var stopped = false
  }
  private let state = Mutex(State())

  /// Takes ownership of the pipe's read end.
  func add(_ descriptor: Int32, _ capture: Capture) {
    let start: Int32? = state.withLock { state in
      guard !state.stopped else {
        close(descriptor)
        return nil
      }
      state.pipes.append((descriptor, capture))
      if state.wake >= 0 {
        Self.poke(state.wake)
        return nil
      }
      var ends: [Int32] = [-1, -1]
      linux_pipe(&ends)
      state.wake = ends[1]
      return ends[0]
    }
    if let start {
      Thread.detachNewThread { self.serve(wake: start) }
    } else if state.withLock(\.stopped) {
      capture.end()
    }
  }

  func stop() {
    state.withLock { state in
      state.stopped = true
      if state.wake >= 0 { close(state.wake) }
      state.wake = -1
    }
  }

  private static func poke(_ descriptor: Int32) {
    var byte: UInt8 = 0
    write(descriptor, &byte, 1)
  }

  private func serve(wake: Int32) {
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let (pipes, stopped) = state.withLock { ($0.pipes, $0.stopped) }
      if stopped { break }
      var polled = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
      polled += pipes.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
      if polled[0].revents != 0 { read(wake, &buffer, buffer.count) }
      for (index, pipe) in pipes.enumerated() where polled[index + 1].revents != 0 {
        let count = read(pipe.descriptor, &buffer, buffer.count)
        if count > 0 { pipe.capture.append(buffer[..<count]) } else { finish(pipe.descriptor, pipe.capture) }
      }
    }
    close(wake)
    for pipe in state.withLock({ $0.pipes }) { finish(pipe.descriptor, pipe.capture) }
  }

  private func finish(_ descriptor: Int32, _ capture: Capture) {
    state.withLock { state in state.pipes.removeAll { $0.descriptor == descriptor } }
    close(descriptor)
    capture.end()
  }
}
