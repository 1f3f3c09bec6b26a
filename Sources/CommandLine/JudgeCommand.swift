package import ArgumentParser
import Diagnostics
import Foundation
import Glibc
import Judgement

/// `bulkhead judge`: the canary's judge on a stream, so that anyone can check it.
package struct JudgeCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "judge",
    abstract: "Judge a canary from a stream of counts: one line of JSON in, one line of JSON out.",
    discussion: """
      Each line has the requests (n) and errors of both arms since the line before:

        {"t":1,"baseline":{"n":950,"errors":1},"canary":{"n":50,"errors":0}}

      and is answered by a verdict that may be read at any time:

        {"t":1,"verdict":"continue","logE":-0.02,"ratio":[0.0,null]}

      regression  the canary's error rate is more than --margin times the baseline's; wrong with chance --alpha
      noWorse     it is less than that; wrong with chance --beta
      continue    neither is shown yet

      logE is the natural logarithm of the evidence for a regression, which is shown at ln(1/alpha); ratio bounds
      canary over baseline at all lines together (null: unbounded). The traffic ratio may change from line to line.
      Count first attempts: retries of one request are not independent. The first verdict other than continue stays.
      A line that is none ends the stream with its number on standard error and exit code 65.

      EXAMPLES
        bulkhead judge < counts.ndjson
        bulkhead judge --alpha 0.01 --margin 2 < counts.ndjson
        tail -n +1 -f counts.ndjson | bulkhead judge | grep -m1 -v '"continue"'
      """,
    subcommands: [JudgePlanCommand.self, JudgeSimulateCommand.self])

  @Option(name: .long, help: "Greatest chance of a false alarm, however often one looks.")
  var alpha = 0.05
  @Option(name: .long, help: "Greatest chance that a worse canary is called noWorse.")
  var beta = 0.05
  @Option(name: .long, help: "Largest ratio of error rates that is no regression.")
  var margin = 1.5

  package init() {}

  package func validate() throws {
    if let problem = settings.problem { throw ValidationError(problem) }
  }

  private var settings: JudgeSettings {
    JudgeSettings(alpha: alpha, beta: beta, margin: margin, tolerance: nil)
  }

  package func run() async throws {
    let settings = settings
    // Reading standard input blocks, so it gets a thread of its own.
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try Self.judge(settings) }) }
    }
  }

  private static func judge(_ settings: JudgeSettings) throws {
    var stream = JudgeStream(settings: settings)
    while let line = readLine(strippingNewline: true) {
      let answer = try stream.answer(line)
      guard write(answer + "\n") else { return }
    }
  }

  /// Unbuffered, since the next command may be waiting for this line. False when nobody reads any more.
  private static func write(_ text: String) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      bytes = bytes.dropFirst(count)
    }
    return true
  }
}
