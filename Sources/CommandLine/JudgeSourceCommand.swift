package import ArgumentParser
import Composition
import Diagnostics
import Foundation
import Judgement

/// `bulkhead judge watch`: asks a metric source again and again, for the judge.
package struct JudgeWatchCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Ask a metric source again and again; print counts for the judge, or its verdicts.",
    discussion: """
      Prints one line of JSON for each look that brought something: counts, as 'bulkhead judge' reads them, or with
      -o verdicts the judge's answer to them. What could not be measured is said on standard error, and when it lasts
      longer than --patience a line with null counts follows, which the judge takes for "no data". No zero is invented.

      Ends at --looks, or when it is interrupted. Exits with 69 where the source never gave anything to judge.

      EXAMPLES
        bulkhead judge watch --prometheus http://127.0.0.1:9090 --queries istio --service shop/cart --every 5
        bulkhead judge watch --prometheus http://127.0.0.1:9090 --queries istio --service shop/cart -o verdicts \\
            --match-baseline destination_version=v1 --match-canary destination_version=v2
        bulkhead judge watch --envoy baseline=10.0.0.4:9901 --envoy canary=10.0.0.5:9901 \\
            --scope inbound:in_8080 --service shop/cart | bulkhead judge
        bulkhead judge watch --access-log baseline=a.log --access-log canary=b.log --service shop/cart
      """)

  @OptionGroup var source: JudgeSourceOptions
  @Option(name: .long, help: "The service: NAMESPACE/NAME, or the name alone.")
  var service: String
  @Option(name: .long, help: "Seconds between looks.")
  var every = 1.0
  @Option(name: .long, help: "How many looks; endless without it.")
  var looks: Int?
  @Flag(name: .long, help: "Answers with status 4xx are failures too.")
  var clientErrors = false
  @Flag(name: .long, help: "Judge classes of answers too; they take a tenth of alpha.")
  var status = false
  @Option(name: [.customShort("o"), .long], help: "counts or verdicts.")
  var output = Output.counts
  @OptionGroup(title: "For verdicts") var alarm: AlarmOptions

  enum Output: String, ExpressibleByArgument { case counts, verdicts }

  package init() {}

  private var settings: JudgeSettings {
    JudgeSettings(alpha: alarm.alpha, beta: alarm.beta, margin: alarm.margin, tolerance: nil)
  }

  package func validate() throws {
    guard every >= 0.1, every <= 3_600 else { throw ValidationError("--every must be between 0.1 and 3600 s") }
    if let looks, looks < 1 { throw ValidationError("--looks must be at least 1") }
    if let problem = settings.problem { throw ValidationError(problem) }
  }

  package func run() async throws {
    let source = try source.request.source()
    let command = self
    do {
      try await CancelOnSignal.run { try await command.watch(source) }
    } catch let error as BulkheadError where [.interrupted, .terminated].contains(error.exit) {
      // Nothing was started that could be resumed.
      throw BulkheadError(error.exit, "interrupted")
    }
  }

  private func watch(_ source: any MetricSource) async throws {
    let policy = FailurePolicy(client: clientErrors)
    var watch = MetricWatch(start: Self.now, patience: self.source.patience, failures: policy, status: status)
    var stream = output == .verdicts ? JudgeStream(settings: settings) : nil
    var said: [String] = []
    var done = 0
    // Running counters need a first look to be compared with.
    var next = ContinuousClock.now
    while looks.map({ done <= $0 }) ?? true {
      next = max(next + .seconds(every), .now)
      if let window = watch.window(at: Self.now) {
        let outcome = watch.take(try await source.metrics(of: [service], in: window), of: window)
        // The same trouble is told once, not every second.
        if outcome.remarks != said {
          for remark in outcome.remarks where !said.contains(remark) {
            StandardError.write("\(source.name): \(remark)\n".safeLines)
          }
          said = outcome.remarks
        }
        if let line = outcome.line { StandardOutput.write((try stream?.answer(line) ?? line) + "\n") }
      }
      done += 1
      if looks.map({ done <= $0 }) ?? true { try await Task.sleep(until: next, clock: .continuous) }
    }
    guard watch.hasSeenData else {
      throw BulkheadError(
        .targetUnreachable, "\(source.name) gave nothing to judge", cure: "see the reasons above; try more --looks")
    }
  }

  private static var now: Double { Date().timeIntervalSince1970 }
}

extension String {
  /// Without what steers a terminal, but with its last line break.
  fileprivate var safeLines: String { String(dropLast()).safeForTerminal + "\n" }
}
