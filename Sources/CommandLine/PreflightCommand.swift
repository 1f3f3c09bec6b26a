package import ArgumentParser
import Composition
import Diagnostics
import Glibc
import Intake

/// `bulkhead preflight`: is the cluster ready for a rollout.
package struct PreflightCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "preflight",
    abstract: "Check whether a cluster is ready for a rollout, each thing with its cure.",
    discussion: """
      Only reads, unless --try is given: then two short-lived pods and a policy in one namespace show whether
      NetworkPolicy is enforced, and are removed again. What is not to be seen is unknown, never passed.
      docs/preflight.md explains each check.

      EXAMPLES
        bulkhead preflight
        bulkhead preflight --context staging --mesh istioSidecar -n shop
        bulkhead preflight --try -n shop
        bulkhead preflight --sidecar-cpu 50m --sidecar-memory 64Mi
        bulkhead preflight -o json | jq '.categories[].checks[] | select(.result == "fail")'

      EXIT CODES
        0 nothing failed (warnings and unknowns do not count) · 64 usage · 69 the server does not answer ·
        77 not permitted · 78 something failed, or the kubeconfig is wrong
      """)

  @OptionGroup var cluster: ClusterOptions
  @Option(name: .long, help: "istioSidecar, istioAmbient, linkerd, consul or envoy; without it, what is installed.")
  var mesh: MeshName?
  @Option(name: .long, help: ArgumentHelp("What a sidecar asks for.", valueName: "quantity"))
  var sidecarCpu = "100m"
  @Option(name: .long, help: ArgumentHelp("What a sidecar asks for.", valueName: "quantity"))
  var sidecarMemory = "128Mi"
  @Flag(name: .customLong("try"), help: "Try with two short-lived pods whether NetworkPolicy is enforced.")
  var tries = false
  @Option(name: .long, help: ArgumentHelp("An image with /agnhost for --try.", valueName: "image"))
  var tryImage: String?
  @Option(name: .shortAndLong, help: "table or json.")
  var output: OutputFormat = .table
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    if tries && cluster.allNamespaces { throw ValidationError("--try works in one namespace: name it with -n") }
    if tryImage != nil && !tries { throw ValidationError("--try-image needs --try") }
    _ = try options()
  }

  package func run() async throws {
    let (access, options) = (cluster.access("preflight"), try options())
    // What a trial has made must be removed before the program ends.
    let checks = try await CancelOnSignal.run { try await access.preflight(options, warn: ClusterOptions.warn) }
    let document = PreflightDocument(checks)
    switch output {
    case .json: StandardOutput.write(try document.json())
    case .table:
      let isColored = color.isOn(terminal: isatty(STDOUT_FILENO) == 1)
      StandardOutput.write(document.text(colored: isColored, isUnicode: TerminalSize.isUnicode))
      StandardError.write(document.summary + "\n")
    }
    if !document.isReady { throw ArgumentParser.ExitCode(Diagnostics.ExitCode.configuration.rawValue) }
  }

  private func options() throws -> ClusterPreflightOptions {
    var options = ClusterPreflightOptions()
    options.mesh = mesh?.rawValue
    guard let milli = Quantity(sidecarCpu)?.milli, (0...1_000_000).contains(milli) else {
      throw ValidationError("--sidecar-cpu wants a quantity such as 100m")
    }
    guard let bytes = Quantity(sidecarMemory)?.units, (0...1 << 40).contains(bytes) else {
      throw ValidationError("--sidecar-memory wants a quantity such as 128Mi")
    }
    (options.sidecarMilliCPU, options.sidecarBytes) = (milli, bytes)
    (options.tries, options.image) = (tries, tryImage)
    return options
  }
}
