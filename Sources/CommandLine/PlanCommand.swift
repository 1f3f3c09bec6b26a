package import ArgumentParser
import Composition
import Diagnostics
import Intake

/// `bulkhead plan`: the waves, without touching anything.
package struct PlanCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show the waves in which a fleet would enter the mesh, with their steps, trials and gates.",
    discussion: """
      EXAMPLES
        bulkhead plan -f manifests/
        bulkhead plan -f manifests/ -o json > plan.json
        bulkhead plan --problem instance.json
      """)

  @OptionGroup var input: OptionalInput
  @Option(name: .shortAndLong, help: "table or json.")
  var output: OutputFormat = .table
  @Option(name: .long, help: "The most workloads that enter the mesh in one wave (default: a third of them).")
  var capacity: Int?
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Plan a bare instance instead: JSON with jobs (id, weight, effort), precedence and capacity.", valueName: "file|-"))
  var problem: String?
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    if input.files.isEmpty == (problem == nil) { throw ValidationError("give manifests with -f, or --problem") }
    if let capacity, capacity < 1 { throw ValidationError("--capacity must be at least 1") }
  }

  package func run() async throws {
    if let problem { return print(try PlanProblem.answer(file: problem), terminator: "") }
    var options = RehearsalOptions()
    options.sources = try InputLoader.load(input.files)
    options.strictInput = input.strict
    options.capacity = capacity
    let plan = try PlanOverview(options)
    switch output {
    case .json: print(try plan.json(), terminator: "")
    case .table:
      print(TextTable(columns: ["WAVE", "WORKLOAD", "STEP", "UNDO"], rows: plan.rows).rendered())
      print(TextTable(columns: ["WAVE", "TRIAL"], rows: plan.trials).rendered())
      for refusal in plan.refusals { print("refused: \(refusal.safeForTerminal)") }
    }
  }
}
