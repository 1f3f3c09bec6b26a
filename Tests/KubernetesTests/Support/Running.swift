import Foundation
import Glibc
import Subprocess
import SystemPackage

/// A command that runs beside the test.
struct Running: Sendable {
  var pid: Int32
  /// Holds what it has said on standard error.
  fileprivate var file: String

  var messages: String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }

  /// Whether it has ended, though nobody has asked for its exit code yet.
  var isOver: Bool {
    let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
    let words = status.split(separator: ")").last?.split(separator: " ") ?? []
    return words.first == "Z" || words.isEmpty
  }

  /// Waits until it has said something.
  func says(_ text: String, within limit: Duration = .seconds(180)) async throws -> Bool {
    _ = try await eventually(within: limit) { messages.contains(text) || isOver }
    return messages.contains(text)
  }

  func send(_ signal: Int32) { kill(pid, signal) }
}

extension Rollout {
  /// Runs `bulkhead` while `body` does something; then waits for its end. It is killed where `body` fails.
  func running(_ words: [String], _ body: (Running) async throws -> Void) async throws -> Tool.Ending {
    let file = path("messages-\(UUID().uuidString.prefix(8))")
    let output = try FileDescriptor.open(
      FilePath(file), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    let result = try await Subprocess.run(
      .path(FilePath(Tool.product("bulkhead"))), arguments: Arguments(words),
      environment: .inherit.updating(
        Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
      input: .none, output: .discarded, error: .fileDescriptor(output, closeAfterSpawningProcess: true)
    ) { execution in
      let running = Running(pid: execution.processIdentifier.value, file: file)
      do {
        try await body(running)
      } catch {
        running.send(SIGKILL)
        throw error
      }
    }
    let code: Int32
    switch result.terminationStatus {
    case .exited(let status): code = Int32(status)
    case .signaled(let signal): code = 128 + Int32(signal)
    }
    return Tool.Ending(code: code, output: "", messages: (try? String(contentsOfFile: file, encoding: .utf8)) ?? "")
  }
}
