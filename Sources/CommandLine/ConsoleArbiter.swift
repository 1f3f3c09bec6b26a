import Diagnostics
import Foundation
import Glibc
import Rollout
import Synchronization

/// Asks the person at the terminal; nobody, where standard input is none.
struct ConsoleArbiter: GateArbiter {
  func decide(_ question: GateQuestion) async throws -> GateAnswer? {
    guard isatty(STDIN_FILENO) == 1, StandardError.isTerminal else { return nil }
    StandardError.write(
      """
      \r\u{1B}[K\(question.wave.safeForTerminal), canary at \(question.percent) % of the users: \
      \(question.reason.safeForTerminal)
      promote, wait or rollBack?\u{20}
      """)
    while true {
      guard let line = try await TerminalLine.read() else { return nil }
      let word = line.trimmingCharacters(in: .whitespaces).lowercased()
      if let answer = GateAnswer.allCases.first(where: { $0.rawValue.lowercased() == word }) { return answer }
      StandardError.write("write promote, wait or rollBack: ")
    }
  }
}

/// A line from standard input, read on a thread of its own that ends when the task is cancelled.
private enum TerminalLine {
  /// - Returns: nil at the input's end.
  static func read() async throws -> String? {
    let isOver = Flag()
    return try await withTaskCancellationHandler {
      let line = await withCheckedContinuation { continuation in
        Thread { continuation.resume(returning: wait(until: isOver)) }.start()
      }
      try Task.checkCancellation()
      return line
    } onCancel: {
      isOver.raise()
    }
  }

  private static func wait(until isOver: Flag) -> String? {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    while !isOver.isRaised {
      if poll(&descriptor, 1, 200) > 0 { return readLine() }
    }
    return nil
  }

  private final class Flag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .acquiring) }
    func raise() { raised.store(true, ordering: .releasing) }
  }
}
