package import ArgumentParser
import Composition
import Diagnostics
import FleetModel
import Glibc
import Intake
import Policies
import Reachability

/// `bulkhead policies`: what every layer must allow, and nothing else.
package struct PoliciesCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "policies",
    abstract: "Write network policies, mutual TLS, authorisation and egress scopes from who really calls whom.",
    discussion: """
      All layers are written from one list of calls, so that none forbids what another one needs and none opens more,
      and are read back by bulkhead's own analysis. Nothing is applied. What the policies would cut although a policy in
      the input or a single observation speaks for it is listed for a decision.

      EXAMPLES
        bulkhead policies -f manifests/ --mesh istioSidecar > policies.yaml
        bulkhead policies -f manifests/ --mesh linkerd -o table
        bulkhead policies -f manifests/ --mesh istioAmbient --patches > patches.yaml
        bulkhead policies -f manifests/ --mesh istioSidecar --explain web cart 8080
        bulkhead policies -f manifests/ --mesh istioSidecar --traffic-settings --exceptions-end 2027-01-31
        bulkhead policies --kube -n shop --traffic http://127.0.0.1:9090 --mesh linkerd
        sudo bulkhead policies -f manifests/ --prove
        sudo bulkhead policies -f manifests/ --prove --mesh istioSidecar

      With --prove every workload of a twin on this machine, in real containers, tries to reach every port of every
      other one, by its service and past it: needed calls must pass and all others must not, with the network policies
      alone and again with every workload in the mesh. With --mesh istioSidecar, istioAmbient, linkerd or consul the
      mesh's own objects are tried as well, without network policies: they are read back, and Envoy enforces them.

      EXIT CODES
        0 written, or proved · 64 a name, port or date that is not there · 65 bad input · 77 not permitted
        78 configuration · 79 a policy does not do what it should (--prove)
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case yaml, table, json }

  @OptionGroup var input: FleetInput
  @Option(name: .long, help: "istioSidecar, istioAmbient, linkerd, consul, envoy or networkPolicy.")
  var mesh: PolicyTargetName = .networkPolicy
  @Option(name: .shortAndLong, help: "yaml, table or json.")
  var output: Format = .yaml
  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("Explain one call: workload, workload or service, port.", valueName: "from to port"))
  var explain: [String] = []
  @Flag(name: .long, help: "Write the patches of pod templates instead: enrolment, accounts, labels.")
  var patches = false
  @Flag(name: .long, help: "Write the hardening of each workload instead, one patch for each step.")
  var hardening = false
  @Flag(name: .long, help: "Try the policies on a twin of this machine (needs root).")
  var prove = false
  @Flag(name: .long, help: "Add traffic and observability settings: time-outs, retries, telemetry.")
  var trafficSettings = false
  @Flag(name: .long, help: "Open what is listed for a decision instead of cutting it.")
  var keepUndecided = false
  @OptionGroup var details: PolicyDetails
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    guard explain.isEmpty || explain.count == 3 else {
      throw ValidationError("--explain wants three words: from, to and port; it was given \(explain.count)")
    }
    guard [!explain.isEmpty, patches, hardening, prove].count(where: { $0 }) <= 1 else {
      throw ValidationError("--explain, --patches, --hardening and --prove exclude each other")
    }
    if input.isEmpty { throw ValidationError("give manifests with -f, or --kube") }
    if prove && (input.kube || !input.observed.traffic.isEmpty) {
      throw ValidationError("--prove takes manifests alone (-f)")
    }
  }

  package func run() async throws {
    if prove { return try await proved() }
    let result = try await input.read("policies")
    var options = try details.options(for: mesh.target, keepUndecided)
    options.now = Glibc.time(nil)
    let set = PolicySolver(result.fleet, options: options).solve()
    let report = PoliciesReport(result.fleet, set, details.segmentation)
    let isColored = color.isOn(terminal: isatty(STDOUT_FILENO) == 1)
    if !explain.isEmpty { return try explain(report, isColored) }
    if hardening, output != .json {
      return StandardOutput.write(report.hardening.flatMap(\.steps).map(\.yaml).joined(separator: "---\n"))
    }
    switch output {
    case .json: StandardOutput.write(try PoliciesDocument(report).text())
    case .yaml:
      StandardOutput.write(yaml(report))
      StandardError.write(PoliciesTable(report, colored: false).notes)
    case .table:
      let table = PoliciesTable(report, colored: isColored)
      StandardOutput.write(table.text)
      StandardError.write(table.summary)
    }
  }

  private func proved() async throws {
    var options = RehearsalOptions()
    options.sources = try InputLoader.load(input.files)
    options.strictInput = input.strict
    let run = PolicyProofRun(
      options, policies: try details.options(for: mesh.target.mesh == nil ? .envoy : mesh.target, keepUndecided))
    let proof = try await CancelOnSignal.run { try await run.run { StandardError.write("\($0)\n") } }
    let output = PolicyProofOutput(proof: proof)
    StandardOutput.write(self.output == .json ? try output.json() : output.text)
    guard proof.holds else { throw ExitCode(79) }
  }

  private func yaml(_ report: PoliciesReport) -> String {
    guard patches else {
      let objects = report.set.objects + (trafficSettings ? report.traffic.objects(for: report.set.target) : [])
      return objects.isEmpty ? "# no objects\n" : objects.map(\.yaml).joined(separator: "---\n")
    }
    let services = trafficSettings ? report.traffic.servicePatches(for: report.set.target).map(YAMLText.document) : []
    return ([report.set.patchYAML] + services).joined(separator: "---\n")
  }

  private func explain(_ report: PoliciesReport, _ isColored: Bool) throws {
    let questions = try ReachQuestion.read(from: explain[0], to: explain[1], port: explain[2], in: report.fleet)
    let answers = try questions.map { question -> PolicyExplanation in
      guard case .workload(let from) = question.from, case .workload(let to) = question.to else {
        throw BulkheadError(
          .usage, "policies are explained between workloads of the input",
          cure: "for addresses and ingress controllers use bulkhead reach --explain")
      }
      return report.set.explanation(
        from: report.fleet.workloads[from].id, to: report.fleet.workloads[to].id, port: question.port,
        transport: question.transport)
    }
    let text =
      output == .json
      ? try PoliciesDocument.text(answers)
      : answers.map { PoliciesTable.text($0, colored: isColored) }.joined(separator: "\n")
    StandardOutput.write(text)
  }
}

/// `--mesh`; the names are those of `PolicyTarget`.
enum PolicyTargetName: String, ExpressibleByArgument, CaseIterable {
  case istioSidecar, istioAmbient, linkerd, consul, envoy, networkPolicy

  var target: PolicyTarget {
    switch self {
    case .istioSidecar: .istioSidecar
    case .istioAmbient: .istioAmbient
    case .linkerd: .linkerd
    case .consul: .consul
    case .envoy: .envoy
    case .networkPolicy: .networkPolicy
    }
  }
}
