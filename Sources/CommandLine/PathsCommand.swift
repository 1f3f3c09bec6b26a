package import ArgumentParser
import Breach
import Diagnostics
import FleetModel
import Glibc
import Intake
import Reports

/// `bulkhead paths`: attack paths, blast radius, exposure and the cheapest cuts.
package struct PathsCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "paths",
    abstract: "Show how a breakout would spread: attack paths, blast radius, exposure, and the cheapest cuts.",
    discussion: """
      From the outside (or from --from) to the crown jewels: workloads, secrets and claims that are labelled
      bulkhead.dev/jewel or named by --jewel; where there are none, to the nodes and the control plane. Each step says
      by which vector, call, right or shared volume it is made. docs/paths.md defines exposure.

      EXAMPLES
        bulkhead paths -f manifests/
        bulkhead paths -f manifests/ --jewel shop/payments --from shop/frontend
        bulkhead paths --kube -A --context staging
        bulkhead paths -f manifests/ -o json | jq '.workloads[] | {workload, blastRadius}'
        bulkhead paths -f manifests/ -o svg > paths.svg
        bulkhead paths -f manifests/ -o dot | dot -Tpdf -o paths.pdf

      EXIT CODES
        0 computed · 64 usage (a name that is not in the input) · 65 bad input (nothing could be read, or --strict)
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, svg, dot }

  @OptionGroup var input: FleetInput
  @Option(name: .shortAndLong, help: "table, json, svg or dot.")
  var output: Format = .table
  @Option(
    name: .long,
    help: ArgumentHelp("A crown jewel: a workload, service, secret or claim; repeatable.", valueName: "ns/name[Kind]"))
  var jewel: [String] = []
  @Option(
    name: .long, help: ArgumentHelp("A workload that is taken as fallen; repeatable.", valueName: "ns/name[Kind]"))
  var from: [String] = []
  @Option(name: .long, help: "How many attack paths, at most 1000.")
  var top = 20
  @Option(
    name: .long, help: "How many names `reaches` gives for each workload in JSON (default 1000, fewer in large fleets)."
  )
  var reaches: Int?
  @OptionGroup var reports: VulnerabilityOptions
  @Flag(name: .long, help: "A vector that the input cannot decide counts as open.")
  var unknownIsOpen = false
  @Option(
    name: .long,
    help: ArgumentHelp("A bare graph instead of manifests; docs/paths.md has its form.", valueName: "file"))
  var problem: String?
  @Flag(name: .long, help: "Say on standard error how long each part took.")
  var timings = false
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    if !(1...1000).contains(top) { throw ValidationError("--top must be between 1 and 1000") }
    if input.isEmpty == (problem == nil) { throw ValidationError("give manifests with -f, --kube or --problem") }
    if let reaches, reaches < 0 { throw ValidationError("--reaches must not be negative") }
  }

  package func run() async throws {
    if let problem { return print(try PathsProblem.read(problem).answer(), terminator: "") }
    var watch = Stopwatch(isOn: timings)
    let result = try await input.read("paths")
    for finding in result.findings where finding.severity >= .medium {
      let place = finding.location.map { "\($0): " } ?? ""
      StandardError.write("\((place + finding.message).safeForTerminal)\n")
    }
    watch.lap("reading")
    let sources = try from.map { try Self.workload($0, result.fleet) }
    var options = BreachGraphBuilder.Options()
    options.jewels = jewel
    options.countsUnknown = unknownIsOpen
    options.chance = try await reports.attached(to: result.fleet).chance
    let graph = try await BreachGraphBuilder.graph(of: result.fleet, options: options)
    watch.lap("graph")
    if timings {
      _ = BlastRadius(graph)
      watch.lap("blast radius of every pod")
    }
    let analysis = BreachAnalysis(graph, from: sources, limit: top)
    watch.lap("analysis")
    defer { watch.lap("answer") }
    switch output {
    case .json: PathsDocument(analysis, reaches: reaches).write { print($0, terminator: "") }
    case .svg: print(BreachDrawing(analysis.picture).svg, terminator: "")
    case .dot: print(analysis.picture.dot, terminator: "")
    case .table:
      let table = PathsTable(analysis, colored: color.isOn(terminal: isatty(STDOUT_FILENO) == 1))
      print(table.text, terminator: "")
      StandardError.write(table.summary + "\n")
    }
  }

  private static func workload(_ text: String, _ fleet: Fleet) throws -> ObjectReference {
    let exact = ObjectReference(parsing: text)
    let found = fleet.workloads.map(\.id).filter {
      $0 == exact || (exact == nil && "\($0.namespace)/\($0.name)" == text)
    }
    guard let first = found.first else {
      throw BulkheadError(
        .usage, "there is no workload \(text.safeForTerminal) in the input",
        cure: "name it as namespace/name, or namespace/name[Kind]; `bulkhead survey` lists what there is")
    }
    guard found.count == 1 else {
      throw BulkheadError(
        .usage, "\(text.safeForTerminal) is the name of \(found.count) workloads",
        cure: "name one with its kind: \(found.map(\.description).joined(separator: ", ").safeForTerminal)")
    }
    return first
  }
}
