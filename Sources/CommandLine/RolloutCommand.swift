package import ArgumentParser
import Composition
import Diagnostics
import Intake
import IntentModel
import Planning
import Rollout

/// `bulkhead rollout`: a plan carried out on a cluster.
package struct RolloutCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "rollout",
    abstract: "Carry a plan out on a Kubernetes cluster, wave by wave, and take back what fails.",
    discussion: """
      Each wave gets a canary beside its workloads, is judged by what their sidecars count, tried under faults and
      probed, and is kept only if all of that passes. What another field manager applies is never taken. A run is a
      folder: it can be watched, paused, approved, aborted, gone on with after a crash, and undone. See docs/rollout.md.

      EXAMPLES
        bulkhead plan --kube -n shop --mesh envoy -o yaml > plan.yaml
        bulkhead rollout start --plan plan.yaml --kube --mesh envoy --out run --image registry/bulkhead:0.1.0
        bulkhead rollout status run
        bulkhead rollout pause run; bulkhead rollout continue run
        bulkhead rollout resume run                 after a crash, or a lost connection
        bulkhead rollout undo run                   everything back to before the first wave
        bulkhead rollout manifest --help            by the controller in the cluster instead
      """,
    subcommands: [
      RolloutStartCommand.self, RolloutManifestCommand.self, RolloutResumeCommand.self, RolloutStatusCommand.self,
      RolloutPauseCommand.self,
      RolloutContinueCommand.self, RolloutApproveCommand.self, RolloutAbortCommand.self, RolloutUndoCommand.self,
    ])

  package init() {}

  static let say: @Sendable (String) -> Void = { StandardError.write($0.safeForTerminal + "\n") }

  /// Runs to an end, with the signals of a terminal as a way to stop and go on later.
  static func carryOut(_ rollout: ClusterRollout, color: ColorChoice, folder: String) async throws {
    let console = ProgressConsole(color: color, place: "the cluster")
    let code: Diagnostics.ExitCode
    do {
      code = try await CancelOnSignal.run {
        try await rollout.run(RolloutWatchers(observer: console, arbiter: ConsoleArbiter()))
      }
    } catch let error as BulkheadError where error.exit == .interrupted || error.exit == .terminated {
      throw BulkheadError(
        error.exit, "interrupted; the cluster stays as it is",
        cure: "go on with 'bulkhead rollout resume \(folder)', or take it back with 'bulkhead rollout undo \(folder)'")
    }
    if let report = rollout.reportPath { console.end(code, report: report) }
    if code != .ok { throw ArgumentParser.ExitCode(code.rawValue) }
  }
}

struct RolloutStartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Begin a rollout.",
    discussion: """
      The images must be where the nodes can have them. --image holds bulkhead and nft (for the discovery server and
      what prepares a pod), --envoy-image envoy, --standin-image bulkhead-standin (for break-out probes; without it none
      is tried, and the run says so).

      EXAMPLES
        bulkhead rollout start --plan plan.yaml --kube --mesh envoy --out run
        bulkhead rollout start --plan plan.yaml --kube --context staging --image registry/bulkhead:0.1.0 --out run
        bulkhead rollout start --plan plan.yaml --kube --mesh istioSidecar --mesh-revision 1-24 --out run
        bulkhead rollout start --plan plan.yaml --kube --approve-waves --on-failure freeze --out run

      EXIT CODES
        0 promoted · 80 a gate failed, rolled back · 81 rollback incomplete · 82 a probe got out after hardening ·
        64 usage · 65 bad plan · 69 the cluster does not answer · 75 another rollout has the lease · 77 not permitted ·
        78 configuration · 83 journal damaged
      """)

  @Option(name: .long, help: ArgumentHelp("The plan.", valueName: "file|-"))
  var plan: String
  @Flag(name: .long, help: "On the cluster that the kubeconfig names.")
  var kube = false
  @Option(
    name: .long,
    help: "istioSidecar, istioAmbient, linkerd, consul, or envoy (sidecars configured by Bulkhead itself); the plan's.")
  var mesh: String?
  @Option(name: .long, help: "A new folder for journal, reports and patches.")
  var out = "rollout"
  @OptionGroup(title: "Settings") var settings: RolloutSettings
  @OptionGroup(title: "Cluster options") var cluster: ClusterOptions
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  func validate() throws {
    guard kube else { throw ValidationError("say --kube: the twin is what 'bulkhead rehearse' is for") }
    guard cluster.namespace == nil, !cluster.allNamespaces else {
      throw ValidationError("-n and -A: the plan says which workloads enter")
    }
    guard mesh.map({ Mesh(rawValue: $0) != nil }) ?? true else {
      throw ValidationError("--mesh: one of \(Mesh.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }

  func run() async throws {
    var options = ClusterRolloutOptions()
    let source = try PlanInput.file(plan)
    (options.plan, options.planName) = (source.bytes, source.name)
    options.access = cluster.access("rollout")
    (options.out, options.mesh) = (out, mesh)
    try settings.apply(to: &options)
    let rollout = try ClusterRollout(starting: options, say: RolloutCommand.say)
    try await RolloutCommand.carryOut(rollout, color: color, folder: out)
  }
}

/// For a run that is gone on with or taken back from elsewhere.
struct RolloutPlaceOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("This kubeconfig, instead of what start was given.", valueName: "file"))
  var kubeconfig: String?
  @Option(name: .long, help: ArgumentHelp("This context, instead of what start was given.", valueName: "name"))
  var context: String?

  init() {}

  var place: ClusterPlace { ClusterPlace(kubeconfig: kubeconfig, context: context) }
}

struct RolloutResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on with an interrupted rollout.",
    discussion: """
      Waves that were promoted stay; the one that was under way is put back and begins again.

      EXAMPLES
        bulkhead rollout resume run
        bulkhead rollout resume run --kubeconfig other.kubeconfig     where the cluster is reached now

      EXIT CODES
        as those of start
      """)

  @Argument(help: "The run's folder.") var folder: String
  @OptionGroup(title: "Cluster options") var place: RolloutPlaceOptions
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.") var color: ColorChoice = .auto

  func run() async throws {
    let rollout = try ClusterRollout(in: folder, at: place.place, say: RolloutCommand.say)
    try await RolloutCommand.carryOut(rollout, color: color, folder: folder)
  }
}

struct RolloutUndoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo",
    abstract: "Put everything back to before the first wave.",
    discussion: """
      EXAMPLES
        bulkhead rollout undo run
        bulkhead rollout undo run --context staging

      EXIT CODES
        0 all is back · 81 something could not be put back (it is named; run it again) · 69, 75, 77 as those of start
      """)

  @Argument(help: "The run's folder.") var folder: String
  @OptionGroup(title: "Cluster options") var place: RolloutPlaceOptions

  func run() async throws {
    let rollout = try ClusterRollout(in: folder, at: place.place, say: RolloutCommand.say)
    let left = try await CancelOnSignal.run { try await rollout.undo() }
    guard left.isEmpty else {
      for text in left { StandardError.write("not put back: \(text.safeForTerminal)\n") }
      throw ArgumentParser.ExitCode(Diagnostics.ExitCode.rollbackIncomplete.rawValue)
    }
    StandardError.write("all is back as it was before the first wave\n")
  }
}
