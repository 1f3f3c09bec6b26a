import ArgumentParser
import Composition
import Intake
import Planning
import Rollout

/// What a rollout is told, whoever carries it out.
struct RolloutSettings: ParsableArguments {
  @Option(name: .long, help: "Image with bulkhead and nft; without it bulkhead:0.1.0, or the controller's.")
  var image: String?
  @Option(name: .long, help: "Image with envoy; without it a published one, or the controller's.")
  var envoyImage: String?
  @Option(name: .long, help: "Image with bulkhead-standin.")
  var standinImage: String?
  @Option(name: .long, help: ArgumentHelp("Of Istio's control plane: the label istio.io/rev.", valueName: "name"))
  var meshRevision: String?
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where the mesh's control plane runs; without it, where its installer puts it.", valueName: "name"))
  var meshNamespace: String?
  @Option(name: .long, help: ArgumentHelp("What a sidecar asks for.", valueName: "quantity"))
  var sidecarCpu = "100m"
  @Option(name: .long, help: ArgumentHelp("What a sidecar asks for.", valueName: "quantity"))
  var sidecarMemory = "128Mi"
  @Option(name: .long, help: "A canary whose error rate is shown to be below this may be promoted.")
  var tolerance = 0.01
  @Option(name: .long, help: "Chance of a false alarm per wave.")
  var alpha = 0.05
  @Option(name: .long, help: "Chance of promoting a canary that is worse than the tolerance.")
  var beta = 0.05
  @Option(name: .long, help: "Seconds after which the plan decides about a share without a verdict.")
  var deadline = 240
  @Flag(name: .long, help: "Without trials under faults.")
  var skipTrials = false
  @Flag(name: .long, help: "Each wave waits until it is approved.")
  var approveWaves = false
  @Option(
    name: .long,
    help: "What becomes of a wave that fails: rollBack, or freeze (it stays for people to look at, until 'abort').")
  var onFailure: FailurePolicy = .rollBack

  func validate() throws {
    for (flag, text) in [("--mesh-revision", meshRevision), ("--mesh-namespace", meshNamespace)] {
      let isName = (text ?? "a").utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
      }
      guard isName, (1...63).contains((text ?? "a").utf8.count) else {
        throw ValidationError("\(flag) wants at most 63 small letters, digits and '-'")
      }
    }
    guard (0..<1).contains(tolerance), tolerance > 0, (0..<1).contains(alpha), alpha > 0, (0..<1).contains(beta),
      beta > 0
    else { throw ValidationError("--tolerance, --alpha and --beta must lie between 0 and 1") }
    guard (1...86_400).contains(deadline) else { throw ValidationError("--deadline must lie between 1 and 86400") }
  }

  func apply(to options: inout ClusterRolloutOptions) throws {
    (options.meshRevision, options.meshNamespace) = (meshRevision, meshNamespace)
    options.image = image ?? options.image
    options.envoyImage = envoyImage ?? options.envoyImage
    options.standinImage = standinImage
    guard let milli = Quantity(sidecarCpu)?.milli, (0...1_000_000).contains(milli),
      let bytes = Quantity(sidecarMemory)?.units, (0...1 << 40).contains(bytes)
    else { throw ValidationError("--sidecar-cpu and --sidecar-memory want quantities such as 100m and 128Mi") }
    (options.sidecarMilliCPU, options.sidecarBytes) = (milli, bytes)
    (options.limits.tolerance, options.limits.alpha, options.limits.beta) = (tolerance, alpha, beta)
    options.limits.deadline.seconds = deadline
    (options.trials, options.approval, options.onFailure) = (!skipTrials, approveWaves, onFailure)
  }
}

extension FailurePolicy: ExpressibleByArgument {}
