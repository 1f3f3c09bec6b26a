import Foundation
import Subprocess
import SystemPackage

/// Programs and scripts of the project, run to their end.
enum Tool {
  struct Ending: Sendable {
    /// The exit status; 128 + signal.
    var code: Int32
    var output: String
    var messages: String
  }

  static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  static let parts = project + "/.tools/kubernetes"
  static let fixtures = project + "/Tests/KubernetesTests/Fixtures"

  static func script(_ name: String) -> String { "\(project)/Scripts/kubernetes/\(name)" }

  /// A product of the package, which lies beside the tests.
  static func product(_ name: String) -> String {
    if let named = ProcessInfo.processInfo.environment["BULKHEAD_PRODUCTS"] { return "\(named)/\(name)" }
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let besideRunner = URL(filePath: own).deletingLastPathComponent().appending(path: name).path
    if FileManager.default.isExecutableFile(atPath: besideRunner) { return besideRunner }
    // Where the toolchain's helper runs the tests, the bundle is the first argument that names one.
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: name).path
  }

  static func run(_ words: [String], input: String = "", environment: [String: String] = [:]) async throws -> Ending {
    let updates = environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) }
    let result = try await Subprocess.run(
      .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
      environment: .inherit.updating(Dictionary(uniqueKeysWithValues: updates)), input: .string(input),
      output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
    let code: Int32
    switch result.terminationStatus {
    case .exited(let status): code = Int32(status)
    case .signaled(let signal): code = 128 + Int32(signal)
    }
    return Ending(code: code, output: result.standardOutput, messages: result.standardError)
  }
}

struct ToolFailure: Error, CustomStringConvertible {
  var words: [String]
  var ending: Tool.Ending
  var description: String { "\(words.joined(separator: " ")): exit code \(ending.code): \(ending.messages)" }
}

/// A new folder, removed in the end.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = "/tmp/bulkhead-kubernetes-\(UUID().uuidString.prefix(8))"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}

/// Waits for a condition; false when it did not come true in time.
/// - Parameter pace: between two looks; each costs a program's start where kubectl does the looking.
func eventually(
  within limit: Duration = .seconds(60), pace: Duration = .milliseconds(100), _ condition: () async throws -> Bool
) async throws -> Bool {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try await condition() { return true }
    // Polls: the pace of looking, not a wait for time to pass.
    try await Task.sleep(for: pace)
  }
  return try await condition()
}
