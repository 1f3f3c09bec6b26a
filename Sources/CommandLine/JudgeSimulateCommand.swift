package import ArgumentParser
import Foundation
import Judgement

/// `bulkhead judge simulate`: raw results of seeded simulations, for the benchmark.
package struct JudgeSimulateCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Simulated canaries with a seed; one line of JSON for each.",
    shouldDisplay: false)

  enum Kind: String, ExpressibleByArgument, CaseIterable { case errors, latency, table }

  @Option(name: .long, help: "errors, latency, or table (many metrics at once).")
  var kind = Kind.errors
  @Option(name: .long, help: "Error rate of the baseline.")
  var baseline = 0.001
  @Option(name: .long, help: "Error rate of the canary.")
  var canary = 0.001
  @Option(name: .long, help: "Requests per second of each arm.")
  var rate = 100
  @Option(name: .long, help: "Looks, one a second.")
  var seconds = 1800
  @Option(name: .long, help: "How many canaries; of a table, how many metrics.") var runs = 200
  @Option(name: .long) var seed: UInt64 = 1
  @OptionGroup var alarm: AlarmOptions
  @Option(name: .customLong("ratio"), help: "In the place of --margin.") var margin = 1.0
  @Option(name: .long, help: "constant, day or bursts.") var traffic = JudgeSimulation.Traffic.constant
  @Option(name: .long, help: "Share of the canary's requests that are slow.") var slowShare = 0.0
  @Option(name: .long, help: "By how many milliseconds these are slower.") var plus = 150.0
  @Option(name: .long, help: "By how many milliseconds all of the canary's are slower.") var sidecar = 0.0

  package init() {}

  package func validate() throws {
    guard rate > 0, rate <= 100_000, seconds > 0, seconds <= 100_000, runs > 0, runs <= 1_000_000,
      baseline >= 0, baseline <= 1, canary >= 0, canary <= 1, slowShare >= 0, slowShare <= 1,
      plus >= 0, plus <= 1e6, sidecar >= 0, sidecar <= 1e6
    else { throw ValidationError("a value is out of range") }
    if let problem = settings.problem { throw ValidationError(problem) }
  }

  private var settings: JudgeSettings { JudgeSettings(alpha: alarm.alpha, margin: margin, tolerance: nil) }

  package func run() throws {
    var generator = SeededGenerator(seed: seed)
    if kind == .table { return table(&generator) }
    let setup = JudgeSimulation.Setup(
      rates: (baseline, canary), rate: rate, seconds: seconds, settings: settings, traffic: traffic)
    for run in 0..<runs {
      let found =
        kind == .errors
        ? JudgeSimulation.detection(setup, &generator)
        : JudgeSimulation.slowness(setup, slowShare: slowShare, plus: plus, sidecar: sidecar, &generator)
      StandardOutput.write("{\"run\":\(run),\"seed\":\(seed),\"second\":\(found.map(String.init) ?? "null")}\n")
    }
  }

  private func table(_ generator: inout SeededGenerator) {
    let looks = min(seconds, 100)
    let start = ContinuousClock.now
    let (found, bytes) = JudgeSimulation.table(metrics: runs, looks: looks, &generator)
    let took = (ContinuousClock.now - start) / .seconds(1)
    StandardOutput.write(
      "{\"metrics\":\(runs),\"looks\":\(looks),\"seconds\":\(took),\"judgedPerSecond\":\(Double(runs * looks) / took),"
        + "\"bytesEach\":\(bytes),\"discoveries\":\(found)}\n")
  }
}

extension JudgeSimulation.Traffic: ExpressibleByArgument {}
