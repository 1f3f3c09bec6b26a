package import ArgumentParser
import Diagnostics
import Glibc
import Intake
import IntentModel

/// `bulkhead survey`: what runs here, who calls whom, is it ready for a mesh.
package struct SurveyCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "survey",
    abstract: "Show what runs here, who calls whom, and whether it is ready for a mesh.",
    discussion: """
      Reads manifests, or with --kube a cluster; nothing is changed. Calls are inferred from environments,
      arguments and config maps, each with the file and line that proves it.

      EXAMPLES
        bulkhead survey -f manifests/
        helm template shop | bulkhead survey -f -
        bulkhead survey -f manifests/ --mesh istioAmbient
        bulkhead survey --kube --context staging -n shop
        bulkhead survey -f manifests/ -o json | jq '.calls[] | select(.destination == "nowhere")'

      EXIT CODES
        0 read · 65 bad input (nothing could be read, or something is bad and --strict)
      """)

  @OptionGroup var input: FleetInput
  @Option(name: .shortAndLong, help: "table or json.")
  var output: OutputFormat = .table
  @Option(name: .long, help: "Judge readiness for one mesh: istioSidecar, istioAmbient, linkerd, consul or envoy.")
  var mesh: MeshName?
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func run() async throws {
    let result = try await input.read("survey")
    switch output {
    case .json: print(try SurveyDocument(result, mesh: mesh?.mesh).text(), terminator: "")
    case .table:
      let table = SurveyTable(result, mesh: mesh?.mesh, colored: color.isOn(terminal: isatty(STDOUT_FILENO) == 1))
      print(table.text, terminator: "")
      StandardError.write(table.summary + "\n")
    }
  }
}

/// `--mesh`; the names are those of `Mesh`.
enum MeshName: String, ExpressibleByArgument, CaseIterable {
  case istioSidecar, istioAmbient, linkerd, consul, envoy

  var mesh: Mesh {
    switch self {
    case .istioSidecar: .istioSidecar
    case .istioAmbient: .istioAmbient
    case .linkerd: .linkerd
    case .consul: .consul
    case .envoy: .envoy
    }
  }
}
