import Diagnostics
import Dispatch
import Glibc
import Synchronization

/// Runs work that SIGINT or SIGTERM cancels; the work cleans up and the signal's exit code is thrown.
enum CancelOnSignal {
  static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let task = Task { try await work() }
    let received = Mutex<Int32>(0)
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        received.withLock { $0 = number }
        task.cancel()
      }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    do {
      return try await task.value
    } catch  where error is CancellationError || received.withLock({ $0 }) != 0 {
      let code: ExitCode = received.withLock { $0 } == SIGTERM ? .terminated : .interrupted
      throw BulkheadError(code, "interrupted; everything that was started is gone", cure: "go on with --resume")
    }
  }
}
