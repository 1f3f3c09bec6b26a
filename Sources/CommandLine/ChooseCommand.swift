package import ArgumentParser
import Composition
import Diagnostics
import Glibc
import Intake
import MeshChoice

/// `bulkhead choose`: which mesh fits, argued from the fleet.
package struct ChooseCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "choose",
    abstract: "Rank the meshes for this fleet and for each namespace, with the reasons that decide.",
    discussion: """
      Istio with sidecars, Istio ambient, Linkerd, Consul and plain Envoy are held against the workloads: what a mesh
      lacks of the required features, which workloads it cannot take, what has to be fixed first, what it costs. Costs
      are published figures with their sources. With --measure the cost of Envoy sidecars is measured too: this fleet's
      twin on this machine, in real containers, without any sidecar and with one in every pod, in turn.

      EXAMPLES
        bulkhead choose -f manifests/
        bulkhead choose -f manifests/ --need jwt --need multiCluster
        bulkhead choose -f manifests/ -o json | jq '.ranking[0]'
        sudo bulkhead choose -f manifests/ --measure --rate 40

      EXIT CODES
        0 ranked · 64 an unknown feature · 65 bad input · 77 not permitted · 78 configuration (--measure)
      """)

  @OptionGroup var input: InputOptions
  @Option(name: .shortAndLong, help: "table or json.")
  var output: OutputFormat = .table
  @Option(
    name: .long,
    help: ArgumentHelp(
      "A feature that the mesh must have; repeatable: \(MeshFeature.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "feature"))
  var need: [String] = []
  @Option(
    name: .long, help: ArgumentHelp("Requests per second that each workload is taken to serve.", valueName: "number"))
  var requests: Double = 50
  @Flag(name: .long, help: "Measure what sidecars cost this fleet on a twin of this machine (needs root).")
  var measure = false
  @Option(name: .long, help: "Users' requests per second while it is measured.")
  var rate = 40.0
  @Option(name: .long, help: "How often both sides are measured.")
  var rounds = 3
  @Option(name: .long, help: "Seconds that each side is measured in a round.")
  var seconds = 8
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    guard rate > 0, rate <= 10_000 else { throw ValidationError("--rate must lie between 0 and 10000") }
    guard (1...100).contains(rounds) else { throw ValidationError("--rounds must lie between 1 and 100") }
    guard (1...3600).contains(seconds) else { throw ValidationError("--seconds must lie between 1 and 3600") }
  }

  package func run() async throws {
    let features = try need.map { name -> MeshFeature in
      guard let feature = MeshFeature(rawValue: name) else {
        throw BulkheadError(
          .usage, "\"\(name.safeForTerminal)\" is no feature",
          cure: "write one of \(MeshFeature.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return feature
    }
    guard requests.isFinite, (0...1e6).contains(requests) else {
      throw BulkheadError(.usage, "--requests is out of range", cure: "write a number from 0 to 1000000")
    }
    let sources = try InputLoader.load(input.files)
    let result = try Intake().read(sources, strict: input.strict)
    let comparison = MeshRanking(
      result.fleet, requirements: MeshRequirements(features: features, requestsPerWorkload: requests)
    ).compare()
    let cost = measure ? try await measured(sources) : nil
    switch output {
    case .json: StandardOutput.write(try ChooseDocument(comparison, measured: cost).text())
    case .table:
      StandardOutput.write(
        ChooseTable(comparison, colored: color.isOn(terminal: isatty(STDOUT_FILENO) == 1)).text
          + (cost.map { "\n" + SidecarCostOutput(cost: $0).text } ?? ""))
    }
  }

  private func measured(_ sources: [InputSource]) async throws -> SidecarCost {
    var options = RehearsalOptions()
    options.sources = sources
    options.strictInput = input.strict
    options.requestsPerSecond = rate
    let measurement = SidecarCostMeasurement(options, rounds: rounds, time: .seconds(seconds))
    return try await CancelOnSignal.run { try await measurement.run { StandardError.write("\($0)\n") } }
  }
}
