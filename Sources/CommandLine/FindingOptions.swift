import ArgumentParser
import Audit
import Diagnostics
import FleetModel
import Glibc
import Intake
import IntentModel
import PodSecurity

/// What `audit` and `diff` look for.
struct FindingOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Traps of one mesh: istioSidecar, istioAmbient, linkerd, consul or envoy; repeatable.",
      discussion: "Without it, of the mesh that each workload asks for."))
  var mesh: [MeshName] = []
  @Option(name: .long, help: "latest, or a version such as v1.29.")
  var podSecurityVersion = "latest"
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Only these codes, such as L01,T6,BH-INTAKE-002; L*, K*, M* and T* are groups.", valueName: "codes"))
  var only: String?
  @Option(
    name: .long,
    help: ArgumentHelp(
      "What is known of the nodes: kernel=6.1.0,runtime=containerd:1.7.2,runc=1.1.5,cgroup=2,lsm=apparmor",
      discussion: """
        Also kubelet=1.29.3, os=TEXT, lsm=none, and userns, bpf, userfaultfd, routeLocalnet, metadata with =true or \
        =false.
        """,
      valueName: "facts"))
  var nodeFacts: String?
  @Option(
    name: .long,
    help: ArgumentHelp("Risks that somebody bears, with owner, reason and expiry; repeatable.", valueName: "file"))
  var exceptions: [String] = []
  @Flag(name: .long, help: "Also the rights of subjects that Kubernetes itself has.")
  var builtIn = false

  init() {}

  func auditOptions() throws -> AuditOptions {
    var options = AuditOptions()
    options.meshes = mesh.map(\.mesh)
    options.podSecurity = try PodSecurityVersion.parse(podSecurityVersion)
    options.only = try only.map(CodeList.parse) ?? []
    options.nodeFacts = try nodeFacts.map(NodeFactsText.parse) ?? NodeFacts()
    options.includesBuiltIn = builtIn
    return options
  }

  /// Reads the exceptions' files.
  func readExceptions() throws -> [AuditException] {
    try InputLoader.load(exceptions).flatMap { try ExceptionsFile.read($0.bytes, name: $0.name) }
  }
}

/// `--only`.
enum CodeList {
  /// - Throws: `BulkheadError(.usage)` for a code that nothing has.
  static func parse(_ text: String) throws -> Set<String> {
    var codes: Set<String> = []
    for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init) {
      if word.hasSuffix("*") {
        let prefix = word.dropLast().uppercased()
        let group = RuleBook.all.map(\.code).filter { $0.uppercased().hasPrefix(prefix) }
        guard !group.isEmpty else { throw unknown(word) }
        codes.formUnion(group)
      } else if let rule = RuleBook.rule(word), rule.kind != .control {
        codes.insert(rule.code)
      } else if word.uppercased().hasPrefix("BH-") {
        codes.insert(word.uppercased())
      } else {
        throw unknown(word)
      }
    }
    guard !codes.isEmpty else { throw BulkheadError(.usage, "--only names no code", cure: "write --only L01,T6, say") }
    return codes
  }

  private static func unknown(_ word: String) -> BulkheadError {
    BulkheadError(
      .usage, "there is no rule '\(word.safeForTerminal)'",
      cure: "`bulkhead explain` lists all; --only L* means a group")
  }
}

/// `--node-facts`.
enum NodeFactsText {
  /// - Throws: `BulkheadError(.usage)` for what cannot be understood: a fact that is passed over would make verdicts
  ///   wrong.
  static func parse(_ text: String) throws -> NodeFacts {
    var facts = NodeFacts()
    for word in text.split(separator: ",") {
      let parts = word.split(separator: "=", maxSplits: 1).map { $0.trimmingBlanks }
      guard parts.count == 2, !parts[1].isEmpty else { throw problem(String(word)) }
      try set(parts[0], parts[1], &facts)
    }
    return facts
  }

  private static func set(_ key: String, _ value: String, _ facts: inout NodeFacts) throws {
    switch key {
    case "kernel": facts.kernel = try version(value)
    case "kubelet": facts.kubelet = try version(value)
    case "runc": facts.runcVersion = try version(value)
    case "os": facts.osImage = value
    case "runtime":
      let parts = value.split(separator: ":", maxSplits: 1).map(String.init)
      guard ["containerd", "cri-o", "docker"].contains(parts[0]) else { throw problem("runtime=\(value)") }
      facts.runtime = parts[0]
      if parts.count == 2 { facts.runtimeVersion = try version(parts[1].replacingSlashes) }
    case "cgroup":
      guard let number = Int(value), (1...2).contains(number) else { throw problem("cgroup=\(value)") }
      facts.cgroupVersion = number
    case "lsm":
      facts.securityModules = value == "none" ? [] : value.split(separator: "+").map { $0.lowercased() }.sorted()
    case "userns": facts.unprivilegedUserNamespaces = try bool(value)
    case "bpf": facts.unprivilegedBPF = try bool(value)
    case "userfaultfd": facts.unprivilegedUserfaultfd = try bool(value)
    case "routeLocalnet": facts.routeLocalnet = try bool(value)
    case "metadata": facts.metadataService = try bool(value)
    default: throw problem("\(key)=\(value)")
    }
  }

  private static func version(_ text: String) throws -> Version {
    guard let version = Version(text) else { throw problem(text) }
    return version
  }

  private static func bool(_ text: String) throws -> Bool {
    guard let value = Bool(text) else { throw problem(text) }
    return value
  }

  private static func problem(_ text: String) -> BulkheadError {
    BulkheadError(
      .usage, "--node-facts: '\(text.safeForTerminal)' is no fact",
      cure: "write kernel=6.1.0,runtime=containerd:1.7.2,runc=1.1.5,cgroup=2,lsm=apparmor, say; --help has all keys")
  }
}

extension StringProtocol {
  fileprivate var trimmingBlanks: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
  /// `containerd://1.7.2`, as a Node tells it.
  fileprivate var replacingSlashes: String { String(drop { $0 == "/" }) }
}

/// `--min-severity`.
enum SeverityChoice: String, ExpressibleByArgument, CaseIterable {
  case critical, high, medium, low, info

  var severity: Severity { Severity(rawValue: rawValue) ?? .info }
}

/// `--fail-on`: a severity, or none.
enum FailThreshold: String, ExpressibleByArgument, CaseIterable {
  case critical, high, medium, low, info, none

  var severity: Severity? { Severity(rawValue: rawValue) }
}
