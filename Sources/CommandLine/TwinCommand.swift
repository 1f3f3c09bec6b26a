package import ArgumentParser
import Composition
import Diagnostics
import Glibc
import Intake

/// `bulkhead twin --measure`: how long a twin takes to come and to go. For benchmarks, so it is not in the overview.
package struct TwinCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "twin",
    abstract: "Build a fleet's twin with every pod in the mesh, say how long it took, and take it away again.",
    discussion: """
      Prints two lines: the milliseconds until users were served through the mesh, and those from the order to end
      until nothing was left. With --hold the twin stays until standard input ends, or says anything.

      EXAMPLES
        sudo bulkhead twin --measure -f manifests/
        sudo bulkhead twin --measure --hold -f manifests/      (Enter ends it)

      EXIT CODES
        0 measured · 65 bad input · 77 not permitted · 78 configuration
      """,
    shouldDisplay: false)

  @OptionGroup var input: InputOptions
  @Flag(name: .long, help: "Measure how long the twin takes to be ready and to be gone.")
  var measure = false
  @Flag(name: .long, help: "Keep the twin until standard input ends.")
  var hold = false
  @Option(name: .long, help: "Users' requests per second.")
  var rate = 60.0

  package init() {}

  package func validate() throws {
    guard measure else { throw ValidationError("a twin by itself can only be measured: give --measure") }
    guard rate > 0, rate <= 10_000 else { throw ValidationError("--rate must lie between 0 and 10000") }
  }

  package func run() async throws {
    var options = RehearsalOptions()
    options.sources = try InputLoader.load(input.files)
    options.strictInput = input.strict
    options.requestsPerSecond = rate
    let measurement = TwinMeasurement(options)
    let hold = hold
    let gone = try await CancelOnSignal.run {
      try await measurement.run(ready: { Self.say("ready", $0) }, hold: { if hold { try await Self.inputToEnd() } })
    }
    Self.say("gone", gone)
  }

  /// Unbuffered: a benchmark waits for this line.
  private static func say(_ what: String, _ time: Duration) {
    let line = Array("\(what) \(Int(time / .milliseconds(1))) ms\n".utf8)
    // A line this short is written whole, and nobody is harmed when nobody reads it.
    _ = line.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }

  /// Asks without waiting, so that neither a thread is blocked nor a cancellation missed.
  private static func inputToEnd() async throws {
    var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    while poll(&input, 1, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
  }
}
