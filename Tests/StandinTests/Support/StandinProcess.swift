import Foundation
import Glibc
import StandinProtocol

/// The built executable as a child with sockets for its standard input and output. Ends with its input at the latest.
final class StandinProcess: Sendable {
  /// Lines of standard output, to its end.
  let lines: AsyncStream<String>
  private let input: Int32
  private let child: pid_t
  private let status: AsyncStream<Int32>

  static var executable: String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let besideRunner = URL(filePath: own).deletingLastPathComponent().appending(path: "bulkhead-standin").path
    if FileManager.default.isExecutableFile(atPath: besideRunner) { return besideRunner }
    // Where the toolchain's helper runs the tests, the bundle is the first argument that names one.
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: "bulkhead-standin").path
  }

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    var toChild: [Int32] = [0, 0]
    var fromChild: [Int32] = [0, 0]
    // Socket pairs, since they can be made close-on-exec at once: a descriptor that leaks into a child started at the
    // same time would keep this one's input open for ever.
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &toChild) == 0, socketpair(AF_UNIX, kind, 0, &fromChild) == 0 else {
      throw POSIXError(.EMFILE)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    var argv = ([Self.executable] + arguments).map { strdup($0) } + [nil]
    let inherited = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var envp = inherited.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var started: pid_t = 0
    let failure = posix_spawn(&started, Self.executable, &actions, nil, &argv, &envp)
    close(toChild[0])
    close(fromChild[1])
    guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .ENOENT) }
    input = toChild[1]
    child = started
    let (lines, lineEnd) = AsyncStream.makeStream(of: String.self)
    let (status, statusEnd) = AsyncStream.makeStream(of: Int32.self)
    self.lines = lines
    self.status = status
    let output = fromChild[0]
    let process = started
    Thread.detachNewThread {
      forEachLine(of: output) { lineEnd.yield($0) }
      close(output)
      lineEnd.finish()
      var word: Int32 = 0
      while waitpid(process, &word, 0) < 0, errno == EINTR {}
      statusEnd.yield(word & 0x7f == 0 ? (word >> 8) & 0xff : -(word & 0x7f))
      statusEnd.finish()
    }
  }

  var processID: pid_t { child }

  func send(_ order: StandinOrder) throws {
    let line = try JSONEncoder().encode(order) + [UInt8(ascii: "\n")]
    send(text: String(decoding: line, as: UTF8.self))
  }

  func send(text: String) { _ = text.withCString { Glibc.send(input, $0, strlen($0), Int32(MSG_NOSIGNAL)) } }

  /// Ends the input and waits: the exit status, or minus the signal's number.
  @discardableResult
  func end() async -> Int32? {
    close(input)
    for await status in status { return status }
    return nil
  }
}

private func forEachLine(of descriptor: Int32, _ body: (String) -> Void) {
  var pending: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16_384)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return }
    pending += chunk[..<count]
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      body(String(decoding: pending[..<end], as: UTF8.self))
      pending.removeSubrange(...end)
    }
  }
}

/// A fresh folder, removed at the end.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "standin-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}
