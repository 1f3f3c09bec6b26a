import ArgumentParser
import Glibc

/// `-f` and `--strict`, for every command that reads manifests.
struct InputOptions: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp(
      "Manifests: a file, a folder (all .yaml, .yml and .json below it) or - for standard input; repeatable.",
      valueName: "file|folder|-"))
  var files: [String]
  @Flag(name: .long, help: "A bad document is an error (exit 65), not a finding.")
  var strict = false

  init() {}
}

/// The same for commands that can do without manifests, such as one that goes on with an earlier run.
struct OptionalInput: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp(
      "Manifests: a file, a folder (all .yaml, .yml and .json below it) or - for standard input; repeatable.",
      valueName: "file|folder|-"))
  var files: [String] = []
  @Flag(name: .long, help: "A bad document is an error (exit 65), not a finding.")
  var strict = false

  init() {}
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case table, json }

/// `--color`; it beats `NO_COLOR`, which beats the terminal.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never

  /// Whether to colour a stream that is, or is not, a terminal.
  func isOn(terminal isTerminal: Bool) -> Bool {
    switch self {
    case .always: return true
    case .never: return false
    case .auto:
      if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
      if let terminal = getenv("TERM"), String(cString: terminal) == "dumb" { return false }
      return isTerminal
    }
  }
}
