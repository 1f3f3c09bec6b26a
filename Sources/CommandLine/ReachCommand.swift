package import ArgumentParser
import Diagnostics
import FleetModel
import Glibc
import Intake
import Reachability

/// `bulkhead reach`: who may send what to whom.
package struct ReachCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "reach",
    abstract: "Show who can reach whom through network policies, and explain single calls layer by layer.",
    discussion: """
      Evaluates NetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy exactly, without a cluster. A peer is a
      workload, or what owns a pod, or a range of addresses outside. --explain also asks the mesh: Istio, Linkerd,
      Consul.

      EXAMPLES
        bulkhead reach -f manifests/
        bulkhead reach -f manifests/ -o json | jq '.connections[] | select(.to == "shop/cart[Deployment]")'
        bulkhead reach -f manifests/ --explain shop/frontend shop/cart 7070
        bulkhead reach -f manifests/ --explain cart 169.254.169.254 80
        bulkhead reach -f manifests/ --what-if new-policy.yaml
        bulkhead reach --kube -A
        bulkhead reach -f manifests/ -o dot | dot -Tsvg > reach.svg

      EXIT CODES
        0 answered, whatever the answer · 64 a name or a port that is not there · 65 bad input
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, dot }
  enum HostNetwork: String, ExpressibleByArgument, CaseIterable { case governed, exempt }
  enum ConsulDefault: String, ExpressibleByArgument, CaseIterable { case allow, deny }

  @OptionGroup var input: FleetInput
  @Option(name: .shortAndLong, help: "table, json or dot.")
  var output: Format = .table
  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Explain one call: workload, service or address, then the same, then a port.", valueName: "from to port"))
  var explain: [String] = []
  @Option(
    name: .long,
    help: "Policies apply to pods on the node's network like to others (governed), or not at all (exempt).")
  var hostNetwork: HostNetwork = .governed
  @Flag(name: .long, help: "Show ranges of IPv6 addresses as well.")
  var ipv6 = false
  @Option(name: .long, help: "What Consul does where no intention matches: allow or deny.")
  var consulDefault: ConsulDefault?
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Show what changes if the NetworkPolicies of a file are applied; repeatable.", valueName: "file"))
  var whatIf: [String] = []
  @Flag(name: .long, help: "Say on standard error how long each part took.")
  var timings = false
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    guard explain.isEmpty || explain.count == 3 else {
      throw ValidationError("--explain wants three words: from, to and port; it was given \(explain.count)")
    }
    guard explain.isEmpty || output != .dot else { throw ValidationError("--explain is shown as table or json") }
    guard whatIf.isEmpty || (explain.isEmpty && output != .dot) else {
      throw ValidationError("--what-if is shown as table or json, and without --explain")
    }
    guard whatIf.isEmpty || !ipv6 else { throw ValidationError("--what-if compares IPv4 addresses alone") }
  }

  package func run() async throws {
    var watch = Stopwatch(isOn: timings)
    let result = try await input.read("reach")
    watch.lap("reading")
    let options = ReachOptions(exemptHostNetwork: hostNetwork == .exempt)
    let isColored = color.isOn(terminal: isatty(STDOUT_FILENO) == 1)
    guard explain.isEmpty else { return try explain(result.fleet, options, isColored) }
    let index = ReachIndex(result.fleet, options: options)
    watch.lap("index")
    guard whatIf.isEmpty else { return try change(result.fleet, index, isColored, &watch) }
    defer { watch.lap("answer") }
    let rows = ReachRows(result.fleet, index, includesIPv6: ipv6)
    switch output {
    case .json: try ReachDocument.write(rows, to: StandardOutput.write)
    case .dot: try ReachDrawing.write(rows, to: StandardOutput.write)
    case .table:
      let table = ReachTable(rows, OutsideExposure.all(in: result.fleet, index), result.fleet, colored: isColored)
      StandardOutput.write(Array(table.text.utf8))
      StandardError.write(table.summary + "\n")
    }
    for finding in index.findings.prefix(20) {
      let place = finding.location.map { "\($0): ".safeForTerminal } ?? ""
      StandardError.write("\(place)\(finding.code) \(finding.message.safeForTerminal)\n")
    }
  }

  private func change(
    _ fleet: Fleet, _ index: ReachIndex, _ isColored: Bool, _ watch: inout Stopwatch
  ) throws {
    let new = try Intake().read(try InputLoader.load(whatIf), strict: true).fleet
    guard !new.networkPolicies.isEmpty else {
      throw BulkheadError(
        .badInput, "--what-if was given no NetworkPolicy", cure: "name files with the policies that would be applied")
    }
    guard new.adminPolicies.isEmpty else {
      throw BulkheadError(
        .badInput, "--what-if was given an AdminNetworkPolicy, which it cannot compare",
        cure: "give it to -f instead, and compare the two answers")
    }
    let peers = ReachPeers(fleet, index)
    watch.lap("preparing the change")
    let change = ReachChange(fleet, index, peers, applying: new.networkPolicies)
    watch.lap("change")
    let text = output == .json ? ReachDocument.text(change) : ReachTable.text(change, colored: isColored)
    StandardOutput.write(Array(text.utf8))
  }

  private func explain(_ fleet: Fleet, _ options: ReachOptions, _ isColored: Bool) throws {
    let questions = try ReachQuestion.read(from: explain[0], to: explain[1], port: explain[2], in: fleet)
    let mesh = MeshLayer(fleet, consulDefaultAllows: consulDefault.map { $0 == .allow })
    let explainer = ReachExplainer(fleet, options: options, mesh: mesh)
    let answers = questions.map {
      explainer.explain(from: $0.from, to: $0.to, port: $0.port, transport: $0.transport)
    }
    let text =
      output == .json
      ? ReachDocument.text(answers) : answers.map { ReachTable.text($0, colored: isColored) }.joined(separator: "\n")
    StandardOutput.write(Array(text.utf8))
  }
}
