package import ArgumentParser
import Judgement

/// `bulkhead judge simulate`: raw results of seeded simulations, for the benchmark.
package struct JudgeSimulateCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Simulated canaries with a seed; one line of JSON for each.", shouldDisplay: false)

  @Option(name: .long, help: "Error rate of the baseline.")
  var baseline = 0.001
  @Option(name: .long, help: "Error rate of the canary.")
  var canary = 0.001
  @Option(name: .long, help: "Requests per second of each arm.")
  var rate = 100
  @Option(name: .long, help: "Looks, one a second.")
  var seconds = 1800
  @Option(name: .long) var runs = 200
  @Option(name: .long) var seed: UInt64 = 1
  @Option(name: .long) var alpha = 0.05
  @Option(name: .long) var margin = 1.0

  package init() {}

  package func validate() throws {
    guard rate > 0, rate <= 100_000, seconds > 0, seconds <= 100_000, runs > 0, runs <= 1_000_000,
      baseline >= 0, baseline <= 1, canary >= 0, canary <= 1
    else { throw ValidationError("a value is out of range") }
    if let problem = JudgeSettings(alpha: alpha, margin: margin).problem { throw ValidationError(problem) }
  }

  package func run() throws {
    var generator = SeededGenerator(seed: seed)
    for run in 0..<runs {
      let found = JudgeSimulation.detection(
        rates: (baseline, canary), rate: rate, seconds: seconds, settings: (alpha, margin), &generator)
      StandardOutput.write("{\"run\":\(run),\"seed\":\(seed),\"second\":\(found.map(String.init) ?? "null")}\n")
    }
  }
}
