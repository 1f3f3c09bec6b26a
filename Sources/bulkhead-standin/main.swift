import CProbe
import Diagnostics
import Glibc
import StandinProtocol

let usage = """
  usage: bulkhead-standin serve --config FILE
         bulkhead-standin node --config FILE | --configuration JSON
         bulkhead-standin idle
         bulkhead-standin probe [--message FILE] --order JSON [--order JSON ...]
  """

/// The values of a repeatable option; everything else on the line is an error.
func values(of option: String, in arguments: ArraySlice<String>) throws -> [String] {
  var found: [String] = []
  var rest = arguments
  while let word = rest.popFirst() {
    guard word == option, let value = rest.popFirst() else {
      throw BulkheadError(.usage, "unexpected argument '\(word.safeForTerminal)'", cure: usage)
    }
    found.append(value)
  }
  return found
}

func singleFile(in arguments: ArraySlice<String>) throws -> String {
  let files = try values(of: "--config", in: arguments)
  guard let file = files.first, files.count == 1 else {
    throw BulkheadError(.usage, "exactly one --config FILE is needed", cure: usage)
  }
  return file
}

func run(_ arguments: [String]) throws {
  var rest = arguments.dropFirst(2)
  switch arguments.dropFirst().first {
  case "serve": try serve(configurationFile: singleFile(in: rest))
  case "node" where rest.first == "--configuration" && rest.count == 2:
    try playNode(decode(NodeConfiguration.self, from: Array((rest.last ?? "").utf8), named: "the configuration"))
  case "node": try playNode(configurationFile: singleFile(in: rest))
  case "idle": try idle()
  case "probe" where rest.first == "--message" && rest.count > 1:
    rest = rest.dropFirst()
    let file = rest.removeFirst()
    try probe(orders: values(of: "--order", in: rest), message: file)
  case "probe": try probe(orders: values(of: "--order", in: rest))
  default: throw BulkheadError(.usage, "which part is to be played?", cure: usage)
  }
}

let refused = cprobe_install_signals()
do {
  guard refused == 0 else {
    throw BulkheadError(.unexpected, "signal handlers could not be installed: \(errnoName(refused))")
  }
  try run(CommandLine.arguments)
} catch {
  writeFully(Array("bulkhead-standin: \(error)\n".utf8), to: 2)
  // Threads of event loops may still run: leave without tearing anything down under them.
  _exit((error as? BulkheadError)?.exit.rawValue ?? ExitCode.unexpected.rawValue)
}
_exit(0)
