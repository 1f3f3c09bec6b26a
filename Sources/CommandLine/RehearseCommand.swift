package import ArgumentParser
import Composition
import Diagnostics
import Intake
import Rollout

/// `bulkhead rehearse`: the main job.
package struct RehearseCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "rehearse",
    abstract: "Rehearse a whole mesh rollout of real manifests on this machine.",
    discussion: """
      Builds a twin of the fleet with real containers and real Envoys, rolls the mesh out in waves, judges a canary in
      each, tries each wave under faults while security controls are attacked, tries to break out before and after, and
      rolls back what fails. Needs root, runc, nftables, dnsmasq and Envoy ('bulkhead doctor' tells what is missing).

      EXAMPLES
        bulkhead rehearse -f manifests/ --out out
        kustomize build . | bulkhead rehearse -f - --out out
        bulkhead rehearse -f manifests/ --traffic flows.json --out out
        bulkhead rehearse -f manifests/ --requirements requirements.yaml --out out
        bulkhead rehearse -f manifests/ --plan plan.yaml --out out    exactly the plan that was reviewed
        bulkhead rehearse --resume out

      EXIT CODES
        0 promoted · 80 a gate failed, rolled back · 81 rollback incomplete · 82 a probe got out after hardening,
        rolled back · 65 bad input · 77 not permitted · 78 configuration · 83 journal damaged
      """)

  @OptionGroup var input: OptionalInput
  @OptionGroup var observed: TrafficOptions
  @Option(name: .long, help: "Folder for run.json, report.html and journal.sqlite; must not hold a run yet.")
  var out = "out"
  @Option(name: .long, help: "Go on with the interrupted run in this folder.")
  var resume: String?
  @Option(name: .long, help: "Users' requests per second.")
  var rate = 60.0
  @Option(name: .long, help: "The most workloads that enter the mesh in one wave (default: a third of them).")
  var capacity: Int?
  @Option(name: .long, help: ArgumentHelp("A file of kind Requirements (docs/requirements.md).", valueName: "file"))
  var requirements: String?
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Rehearse exactly this plan, as `bulkhead plan -o yaml` wrote it; without one, the plan is made anew.",
      valueName: "file"))
  var plan: String?
  @Option(name: .long, help: "A canary whose error rate is shown to be below this may be promoted.")
  var tolerance = 0.01
  @Option(name: .long, help: "Chance of a false alarm per wave.")
  var alpha = 0.05
  @Option(name: .long, help: "Chance of promoting a canary that is worse than the tolerance.")
  var beta = 0.05
  @Option(name: .long, help: "A file of deliberate wrongs, for tests and for learning only.")
  var plant: String?
  @Flag(name: .long, help: "Leave out the user namespace: for break-outs that exist only against a real root.")
  var kernelFidelity = false
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    guard rate > 0, rate <= 10_000 else { throw ValidationError("--rate must lie between 0 and 10000") }
    guard (0..<1).contains(tolerance), tolerance > 0 else {
      throw ValidationError("--tolerance must lie between 0 and 1")
    }
    guard alpha > 0, alpha < 1, beta > 0, beta < 1 else {
      throw ValidationError("--alpha and --beta must lie between 0 and 1")
    }
    if let capacity, capacity < 1 { throw ValidationError("--capacity must be at least 1") }
    if plan != nil && capacity != nil { throw ValidationError("a plan has its capacity; leave --capacity out") }
    if resume != nil && !(input.files + observed.traffic).isEmpty {
      throw ValidationError("--resume goes on with the input of its run; leave -f and --traffic out")
    }
    if resume == nil && input.files.isEmpty { throw ValidationError("name manifests with -f FILE, -f FOLDER or -f -") }
  }

  package func run() async throws {
    let rehearsal = try await rehearsal()
    let console = ProgressConsole(color: color)
    let code = try await CancelOnSignal.run {
      try await rehearsal.run(RolloutWatchers(observer: console, arbiter: ConsoleArbiter()))
    }
    console.end(code, report: rehearsal.reportPath)
    if code != .ok { throw ArgumentParser.ExitCode(code.rawValue) }
  }

  private func rehearsal() async throws -> Rehearsal {
    if let resume { return try Rehearsal(resuming: resume) }
    var options = RehearsalOptions()
    options.sources = try InputLoader.load(input.files)
    options.strictInput = input.strict
    options.traffic = try await observed.sources.reports()
    options.out = out
    options.requestsPerSecond = rate
    options.capacity = capacity
    options.limits.tolerance = tolerance
    options.limits.alpha = alpha
    options.limits.beta = beta
    options.kernelFidelity = kernelFidelity
    options.requirementsFile = try requirements.map(PlanInput.file)
    options.planFile = try plan.map(PlanInput.file)
    options.plantFile = try plant.map(PlanInput.file)
    return try Rehearsal(starting: options)
  }
}
