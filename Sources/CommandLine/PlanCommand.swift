package import ArgumentParser
import Composition
import Diagnostics
import Glibc
import Intake
import Planning

/// `bulkhead plan`: the waves, without touching anything.
package struct PlanCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Plan the waves in which a fleet enters the mesh so that its exposure falls fastest.",
    discussion: """
      Each wave is printed with its steps, trials and gates, and the plan with its exposure: before, after, summed over
      the waves, and a lower bound that no other order can beat. -o yaml is the file to review, keep in git and sign.

      EXAMPLES
        bulkhead plan -f manifests/
        bulkhead plan -f manifests/ --requirements requirements.yaml -o yaml > plan.yaml
        bulkhead plan --kube -A --context staging -o yaml > plan.yaml
        bulkhead plan show plan.yaml --svg plan.svg
        bulkhead plan diff plan.yaml new-plan.yaml
        bulkhead plan sign plan.yaml --key signing.pem
        bulkhead plan verify plan.yaml --key signing.pub.pem -f manifests/
        bulkhead plan --problem instance.json

      EXIT CODES
        0 planned · 2 --detailed-exitcode, and there is something to do · 64 usage · 65 bad input, or rules that
        cannot hold together (the smallest such set is named)
      """,
    subcommands: [PlanShowCommand.self, PlanDiffCommand.self, PlanSignCommand.self, PlanVerifyCommand.self])

  @OptionGroup var input: FleetInput
  @OptionGroup var format: PlanOutputOption
  @Option(name: .long, help: "The most workloads that enter the mesh in one wave (default: a third of them).")
  var capacity: Int?
  @OptionGroup var wishes: PlanWishes
  @Option(name: .long, help: "istioSidecar, istioAmbient, linkerd, consul or envoy; beats the requirements'.")
  var mesh: String?
  @Option(name: .long, help: ArgumentHelp("Plan nothing, print a JSON Schema.", valueName: "plan|requirements"))
  var schema: PlanSchemaName?
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Plan a bare instance instead: JSON with jobs (id, weight, effort), precedence and capacity.", valueName: "file|-"
    ))
  var problem: String?
  @Flag(name: .long, help: "Exit with 2 when the plan has at least one wave.")
  var detailedExitcode = false
  @Flag(name: .long, help: "Plan callers first instead, whatever the exposure: for comparison.")
  var dependencyOrder = false
  @OptionGroup var style: ColorOption

  package init() {}

  package func run() async throws {
    if let schema { return print(schema.text, terminator: "") }
    // Not in validate(): that would ask the subcommands for manifests too.
    if input.isEmpty == (problem == nil) { throw ValidationError("give manifests with -f, --kube or --problem") }
    if let capacity, capacity < 1 { throw ValidationError("--capacity must be at least 1") }
    if let problem { return print(try PlanProblem.answer(file: problem), terminator: "") }
    var options = RehearsalOptions()
    options.capacity = capacity
    let wanted = try PlanInput.requirements(wishes, of: input, mesh: mesh)
    var overview = try PlanOverview(options, requirements: wanted, read: try await input.read("plan"))
    for finding in overview.findings where finding.severity >= .medium {
      let place = finding.location.map { "\($0): " } ?? ""
      StandardError.write("\((place + finding.message).safeForTerminal)\n")
    }
    if dependencyOrder { overview.plan = overview.maker.dependencyOrder() }
    overview.plan.cluster = wishes.cluster
    switch format.output {
    case .json: StandardOutput.write(try overview.json())
    case .yaml: StandardOutput.write(PlanText(overview.plan).text)
    case .table:
      let isColored = style.color.isOn(terminal: isatty(STDOUT_FILENO) == 1)
      StandardOutput.write(PlanTable(overview.plan, trials: overview.trials, colored: isColored).text)
    }
    if detailedExitcode, !overview.plan.waves.isEmpty {
      throw ArgumentParser.ExitCode(Diagnostics.ExitCode.differences.rawValue)
    }
  }
}

enum PlanSchemaName: String, ExpressibleByArgument, CaseIterable {
  case plan, requirements

  var text: String { self == .plan ? PlanSchemas.plan : PlanSchemas.requirements }
}
