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

      Either arm may have more, from the first line on:
        "latency":[[5,90],[25,8],[null,2]]   requests by upper bound in milliseconds; null for the rest
        "over":[3,0]                         requests slower than thresholds of yours (the canary's with its budget)
        "status":{"2xx":97,"4xx":2,"none":1} answers by class
      Alpha is then shared: one tenth each for latency and status, the rest for errors.

      Data that cannot be judged (a negative count, a clock that jumps back, null for a count) never lead to a verdict:
      their line is answered with "reasons". "voidBecause" says which assumption of the test the data contradict. A line
      that is no such JSON ends the stream with its number on standard error and exit code 65.

      EXAMPLES
        bulkhead judge < counts.ndjson
        bulkhead judge --alpha 0.01 --margin 2 < counts.ndjson
        bulkhead judge --deadline 600 --on-deadline rollBack < counts.ndjson
        tail -n +1 -f counts.ndjson | bulkhead judge | grep -m1 -v '"continue"'
      """,
    subcommands: [JudgePlanCommand.self, JudgeWatchCommand.self, JudgeSimulateCommand.self])

  @OptionGroup var alarm: AlarmOptions
  @Option(name: .long, help: "What a sidecar may cost, in milliseconds…")
  var budgetMs = 5.0
  @Option(name: .long, help: "…or as a share of the baseline's quantile, whichever is larger.")
  var budgetShare = 0.1
  @Option(name: .long, help: "Seconds (of t) after which 'continue' is answered with a decision, too.")
  var deadline: Double?
  @Option(name: .long, help: "That decision: hold, rollBack or ask (default: hold).")
  var onDeadline: DeadlineDecision?

  package init() {}

  package func validate() throws {
    if let problem = options.problem { throw ValidationError(problem) }
    if onDeadline != nil, deadline == nil { throw ValidationError("--on-deadline needs --deadline SECONDS") }
  }

  private var options: JudgeStreamOptions {
    JudgeStreamOptions(
      settings: JudgeSettings(alpha: alarm.alpha, beta: alarm.beta, margin: alarm.margin, tolerance: nil),
      budget: MeshBudget(milliseconds: budgetMs, share: budgetShare), deadline: deadline,
      atDeadline: onDeadline ?? .hold)
  }

  package func run() async throws {
    let options = options
    // Reading standard input blocks, so it gets a thread of its own.
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try Self.judge(options) }) }
    }
  }

  private static func judge(_ options: JudgeStreamOptions) throws {
    var stream = JudgeStream(options)
    var input = InputLines()
    while let line = try input.next() {
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

extension DeadlineDecision: ExpressibleByArgument {}

/// Lines of standard input as they come, each at most 1 MB: a stream without line ends must not fill the memory.
private struct InputLines {
  private static let longest = 1 << 20
  private var buffer: [UInt8] = []
  private var start = 0
  private var searched = 0
  private var number = 0
  private var ended = false

  /// Nil at the end.
  mutating func next() throws -> String? {
    number += 1
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) { return take(end, next: end + 1) }
      searched = buffer.count
      if ended { return start < buffer.count ? take(buffer.count, next: buffer.count) : nil }
      guard buffer.count - start <= Self.longest else {
        throw BulkheadError(
          .badInput, "a line longer than 1 MB", cure: "write one JSON object a line",
          location: SourceLocation(file: "<stdin>", line: number))
      }
      fill()
    }
  }

  private mutating func take(_ end: Int, next: Int) -> String {
    defer { (start, searched) = (next, next) }
    let last = end > start && buffer[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
    return String(decoding: buffer[start..<last], as: UTF8.self)
  }

  private mutating func fill() {
    if start > 0 {
      buffer.removeFirst(start)
      (start, searched) = (0, searched - start)
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = chunk.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { return }
    if count > 0 { buffer += chunk[..<count] } else { ended = true }
  }
}
