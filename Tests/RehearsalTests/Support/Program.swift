import Foundation
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// The built program, as its users start it.
enum Program {
  static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let besideRunner = URL(filePath: own).deletingLastPathComponent().appending(path: "bulkhead").path
    if FileManager.default.isExecutableFile(atPath: besideRunner) { return besideRunner }
    // Where the toolchain's helper runs the tests, the bundle is the first argument that names one.
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: "bulkhead").path
  }()

  struct Ending: Sendable {
    /// The exit status; 128 + signal.
    var code: Int32
    var output: String
    /// Progress and errors.
    var messages: String
    /// What it left, looked at when it had just ended and again until nothing was there, at most 4 s.
    var left: [String]
    var footprint: Footprint
  }

  /// Runs `bulkhead` with arguments to its end, in a session of its own.
  ///
  /// - Parameters:
  ///   - prefix: a command that starts it, such as one that takes away privileges.
  ///   - meanwhile: is given the process while it runs; that it returns does not end the process.
  static func run(
    _ arguments: [String], in folder: Folder, environment: [String: String] = [:], through prefix: [String] = [],
    program: String = path, meanwhile: @Sendable (Running) async throws -> Void = { _ in }
  ) async throws -> Ending {
    let words = prefix + [program] + arguments
    let name = "\(folder.path)/.run-\(UUID().uuidString)"
    let scratch = name + "-tmp"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    let before = HostState()
    var options = PlatformOptions()
    options.createSession = true
    let updates = environment.merging(["TMPDIR": scratch, "NO_COLOR": "1"]) { own, _ in own }
    let executable: Executable = words[0].contains("/") ? .path(FilePath(words[0])) : .name(words[0])
    let result = try await Subprocess.run(
      executable, arguments: Arguments(Array(words.dropFirst())),
      environment: .inherit.updating(
        Dictionary(uniqueKeysWithValues: updates.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
      workingDirectory: FilePath(folder.path), platformOptions: options, input: .none,
      // Files and not pipes: a process that was left behind would keep a pipe open, and must be reported instead.
      output: .fileDescriptor(try open(name + "-out"), closeAfterSpawningProcess: true),
      error: .fileDescriptor(try open(name + "-err"), closeAfterSpawningProcess: true)
    ) { execution -> Running in
      let running = Running(pid: execution.processIdentifier.value)
      async let watching: Void = running.watch()
      do {
        try await meanwhile(running)
      } catch {
        running.signal(SIGKILL)
        throw error
      }
      await watching
      return running
    }
    let running = result.closureResult
    var left = try await running.footprint.leftovers(
      comparedWith: before, exceptCgroups: running.watcherWasKilled)
    left += Footprint.list(scratch).map { "temporary file \($0)" }
    let code: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let number): 128 + number
      }
    return Ending(
      code: code, output: read(name + "-out"), messages: read(name + "-err"), left: left, footprint: running.footprint)
  }

  private static func open(_ path: String) throws -> FileDescriptor {
    try FileDescriptor.open(
      FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
  }

  private static func read(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }
}

/// The program while it runs.
final class Running: Sendable {
  let pid: pid_t
  private let state: Mutex<(footprint: Footprint, watcherWasKilled: Bool)>

  init(pid: pid_t) {
    self.pid = pid
    state = Mutex((Footprint(of: pid), false))
  }

  var footprint: Footprint { state.withLock(\.footprint) }
  var watcherWasKilled: Bool { state.withLock(\.watcherWasKilled) }
  /// False also for a dead process that nobody has waited for.
  var isAlive: Bool { ProcessEntry(pid).map { $0.state != "Z" && $0.state != "X" } ?? false }

  func look() {
    let now = Footprint(of: pid)
    state.withLock { $0.footprint.add(now) }
  }

  /// Keeps looking at what the program occupies until it ends.
  func watch() async {
    while isAlive && !Task.isCancelled {
      look()
      // The pace of looking, not a wait for time to pass.
      try? await Task.sleep(for: .milliseconds(400))
    }
  }

  func signal(_ number: Int32) { kill(pid, number) }

  /// As a terminal does it: to the whole foreground group.
  func signalGroup(_ number: Int32) { kill(-pid, number) }

  /// Kills the program so that it can do nothing any more, and the process that would clean up after it as well when
  /// `withWatcher`.
  func destroy(withWatcher: Bool) {
    look()
    if withWatcher, let watcher = footprint.watcher {
      state.withLock { $0.watcherWasKilled = true }
      kill(watcher, SIGKILL)
    }
    kill(pid, SIGKILL)
  }

  /// Returns when a condition holds, or when the program has ended without it.
  func reaches(_ condition: () async throws -> Bool) async throws {
    while isAlive, try await !condition() {
      // The pace of looking, not a wait for time to pass.
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
