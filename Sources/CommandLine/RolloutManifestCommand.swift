import ArgumentParser
import Composition
import Diagnostics
import Intake

struct RolloutManifestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifest",
    abstract: "Write the Rollout object by which the controller in a cluster carries a plan out.",
    discussion: """
      EXAMPLES
        bulkhead rollout manifest --plan plan.yaml --name shop | kubectl apply --server-side -f -
        kubectl -n bulkhead get rollouts.bulkhead.dev --watch
        kubectl -n bulkhead patch rollouts.bulkhead.dev shop --type merge -p '{"spec":{"action":"Abort"}}'

      EXIT CODES
        0 written · 64 usage · 65 bad plan
      """)

  @Option(name: .long, help: ArgumentHelp("The plan.", valueName: "file|-"))
  var plan: String
  @Option(name: .long, help: "Of the object.")
  var name: String
  @Flag(name: .long, help: "Leave everything as it is when the object is deleted; without it all is put back.")
  var keepOnDeletion = false
  @OptionGroup(title: "Settings") var settings: RolloutSettings

  func validate() throws {
    let isName = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    guard isName, (1...50).contains(name.utf8.count), name.first != "-", name.last != "-" else {
      throw ValidationError("--name wants at most 50 small letters, digits and '-'")
    }
  }

  func run() async throws {
    var options = ClusterRolloutOptions()
    let source = try PlanInput.file(plan)
    (options.plan, options.planName) = (source.bytes, source.name)
    try settings.apply(to: &options)
    StandardOutput.write(
      try RolloutManifest(
        name: name, options: options, images: .init(bulkhead: settings.image, envoy: settings.envoyImage),
        sidecarCPU: settings.sidecarCpu,
        sidecarMemory: settings.sidecarMemory, keepsOnDeletion: keepOnDeletion
      ).text())
  }
}
