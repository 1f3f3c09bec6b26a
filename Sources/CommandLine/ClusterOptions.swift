import ArgumentParser
import Composition
import Diagnostics
import Intake

/// kubectl's flags, for every command that asks a cluster.
struct ClusterOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The context of the kubeconfig.", valueName: "name"))
  var context: String?
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The namespace; without it, the context's.", valueName: "name"))
  var namespace: String?
  @Flag(name: [.customShort("A"), .long], help: "All namespaces.")
  var allNamespaces = false
  @Option(
    name: .long,
    help: ArgumentHelp(
      "This kubeconfig alone. Without it: those of KUBECONFIG, else ~/.kube/config, else the pod's own account.",
      valueName: "file"))
  var kubeconfig: String?
  @Option(name: .long, help: ArgumentHelp("Act for this user.", valueName: "user"))
  var `as`: String?
  @Option(name: .long, help: ArgumentHelp("Act for this group; repeatable.", valueName: "group"))
  var asGroup: [String] = []
  @Flag(name: .long, help: "Bear the risk of a kubeconfig that says not to verify the server's certificate.")
  var insecureSkipTlsVerify = false

  init() {}

  var isGiven: Bool {
    context != nil || namespace != nil || allNamespaces || kubeconfig != nil || `as` != nil || !asGroup.isEmpty
      || insecureSkipTlsVerify
  }

  func validate() throws {
    if namespace != nil && allNamespaces { throw ValidationError("-n and -A exclude each other") }
    if `as` == nil && !asGroup.isEmpty { throw ValidationError("--as-group needs --as") }
  }

  /// - Parameter purpose: the command, for the cluster's audit log.
  func access(_ purpose: String) -> ClusterAccess {
    var access = ClusterAccess()
    access.kubeconfig = kubeconfig
    access.context = context
    access.namespace = namespace
    access.allNamespaces = allNamespaces
    access.user = `as`
    access.groups = asGroup
    access.allowsUnverified = insecureSkipTlsVerify
    access.purpose = purpose
    return access
  }

  /// Shows what a server warns of.
  static let warn: @Sendable (String) -> Void = { StandardError.write("the cluster warns: \($0)\n") }
}

/// `-f` or `--kube`, for commands that take a fleet from files or from a cluster.
struct FleetInput: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp(
      "Manifests: a file, a folder (all .yaml, .yml and .json below it) or - for standard input; repeatable.",
      valueName: "file|folder|-"))
  var files: [String] = []
  @Flag(name: .long, help: "Read the cluster instead (docs/kubernetes.md).")
  var kube = false
  @OptionGroup(title: "Cluster options, with --kube") var cluster: ClusterOptions
  @OptionGroup var observed: TrafficOptions
  @Flag(name: .long, help: "A bad document, or a kind that may not be read, is an error and not a finding.")
  var strict = false

  init() {}

  var isEmpty: Bool { files.isEmpty && !kube }

  func validate() throws {
    if kube && !files.isEmpty { throw ValidationError("give -f or --kube, not both") }
    if !kube && cluster.isGiven { throw ValidationError("options of a cluster need --kube") }
    if isEmpty && !observed.traffic.isEmpty {
      throw ValidationError("--traffic adds to -f or --kube: give one of them")
    }
    if files.contains("-") && observed.traffic.contains(where: { $0 == "-" || $0.hasSuffix("=-") }) {
      throw ValidationError("standard input can be read once")
    }
  }

  /// - Parameter purpose: the command, for the cluster's audit log.
  /// - Throws: `ValidationError` where neither was given; `BulkheadError` for what cannot be read.
  func read(_ purpose: String) async throws -> IntakeResult {
    try await observed.added(to: try await fleet(purpose))
  }

  private func fleet(_ purpose: String) async throws -> IntakeResult {
    guard !isEmpty else { throw ValidationError("give manifests with -f, or --kube") }
    guard kube else { return try Intake().read(try InputLoader.load(files), strict: strict) }
    let fleet = try await ClusterFleet.read(cluster.access(purpose), strict: strict, warn: ClusterOptions.warn)
    let place = fleet.namespace.map { "the namespace \($0)" } ?? "all namespaces"
    let said = "\(fleet.result.documents) objects of \(fleet.kinds) kinds in \(place) of \(fleet.context)"
    StandardError.write(said.safeForTerminal + "\n")
    for finding in fleet.result.findings where finding.code == IntakeCode.notRead.rawValue {
      StandardError.write("\(finding.code) \(finding.message.safeForTerminal)\n  cure: \(finding.fix)\n")
    }
    return fleet.result
  }
}
