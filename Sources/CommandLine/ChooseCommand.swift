package import ArgumentParser
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
      are published figures with their sources; nothing is measured.

      EXAMPLES
        bulkhead choose -f manifests/
        bulkhead choose -f manifests/ --need jwt --need multiCluster
        bulkhead choose -f manifests/ -o json | jq '.ranking[0]'

      EXIT CODES
        0 ranked · 64 an unknown feature · 65 bad input
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
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

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
    let result = try Intake().read(try InputLoader.load(input.files), strict: input.strict)
    let comparison = MeshRanking(
      result.fleet, requirements: MeshRequirements(features: features, requestsPerWorkload: requests)
    ).compare()
    switch output {
    case .json: StandardOutput.write(try ChooseDocument(comparison).text())
    case .table:
      StandardOutput.write(
        ChooseTable(comparison, colored: color.isOn(terminal: isatty(STDOUT_FILENO) == 1)).text)
    }
  }
}
