package import ArgumentParser
import Audit
import Diagnostics
import Dispatch
import FleetModel
import Glibc
import Intake
import Reports
import Synchronization

/// `bulkhead audit`: which ways out each container has, and what breaks a mesh rollout.
package struct AuditCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Show which ways out each container has, and what would break a mesh rollout.",
    discussion: """
      Reads manifests, or with --kube a cluster, and nothing else. Every finding has a stable code (`bulkhead explain
      CODE`), a place, and a patch that cures it there. What the input cannot decide is told as unknown, never as safe.
      The exit code is the same for every output format. docs/audit.md, docs/ci.md and docs/exceptions.md tell more.

      EXAMPLES
        bulkhead audit -f manifests/
        helm template shop | bulkhead audit -f - --mesh istioSidecar --fail-on medium
        bulkhead audit --kube -n shop --mesh linkerd
        bulkhead audit -f manifests/ -o sarif > bulkhead.sarif
        bulkhead audit -f manifests/ -o json > baseline.json
        bulkhead audit -f manifests/ -o github --baseline baseline.json --exceptions exceptions.yaml
        trivy image -f json shop/cart:1 > cart.json; bulkhead audit -f manifests/ --vulnerabilities cart.json
        bulkhead audit -f manifests/ --only L01,K06 --node-facts kernel=6.1.0,runtime=containerd:1.7.2,cgroup=2

      EXIT CODES
        0 nothing at or above --fail-on · 79 something is · 64 usage · 65 bad input (nothing could be read, or --strict)
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json, yaml, sarif, junit, github, markdown, gitlab
  }

  @OptionGroup var input: FleetInput
  @Option(name: .shortAndLong, help: "table, json, yaml, sarif, junit, github, markdown or gitlab.")
  var output: Format = .table
  @OptionGroup var options: FindingOptions
  @OptionGroup var reports: VulnerabilityOptions
  @Option(name: .long, help: "Exit with 79 from this severity on: critical, high, medium, low, info or none.")
  var failOn: FailThreshold = .high
  @Option(
    name: .long,
    help: ArgumentHelp("An earlier `-o json`: only findings that it has not count for --fail-on.", valueName: "file"))
  var baseline: String?
  @Option(name: .long, help: "Leave out findings below this severity.")
  var minSeverity: SeverityChoice = .info
  @Flag(name: .long, help: "Show each assessment that could not be made.")
  var showUnknown = false
  @Flag(name: .long, help: "Print the JSON Schema of `-o json` and end.")
  var schema = false
  @Flag(name: .long, help: "Print the JSON Schema of a file of exceptions and end.")
  var exceptionsSchema = false
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    if input.isEmpty && !schema && !exceptionsSchema { throw ValidationError("give manifests with -f, or --kube") }
  }

  package func run() async throws {
    if schema { return StandardOutput.write(AuditSchemas.audit) }
    if exceptionsSchema { return StandardOutput.write(AuditSchemas.exceptions) }
    let auditOptions = try options.auditOptions()
    let exceptions = try options.readExceptions()
    let earlier = try baseline.map(Self.readBaseline)
    let read = try await input.read("audit")
    let known = try await reports.attached(to: read.fleet)
    var result = SideBySideAudit.run(read.fleet, auditOptions, input: read.findings + known.findings)
    result.apply(exceptions, today: Self.today, options: auditOptions)
    if let earlier { result.compare(with: earlier) }
    result.leaveOut(below: minSeverity.severity)
    write(result)
    StandardError.write(AuditTable.summary(result) + "\n")
    let code = result.exit(failOn: failOn.severity)
    if code != .ok { throw ArgumentParser.ExitCode(code.rawValue) }
  }

  private func write(_ result: AuditResult) {
    let sink: ([UInt8]) -> Void = { StandardOutput.write($0) }
    switch output {
    case .table:
      let isTerminal = isatty(STDOUT_FILENO) == 1
      let style = AuditTable.Style(
        colored: color.isOn(terminal: isTerminal), width: TerminalSize.columns, isUnicode: TerminalSize.isUnicode)
      AuditTable(result, style, showsUnknown: showUnknown).write { StandardOutput.write($0) }
    case .json: AuditDocument(result, showsUnknown: showUnknown).writeJSON(to: sink)
    case .yaml: AuditDocument(result, showsUnknown: showUnknown).writeYAML(to: sink)
    case .sarif: SARIFDocument(result, version: BulkheadVersion.text, failOn: failOn.severity).write(to: sink)
    case .junit: JUnitDocument(result).write(to: sink)
    case .github: StandardOutput.write(GitHubAnnotations(result).text)
    case .markdown: StandardOutput.write(MarkdownSummary(result).text)
    case .gitlab: GitLabCodeQuality(result).write(to: sink)
    }
  }

  private static func readBaseline(_ path: String) throws -> Baseline {
    guard let source = try InputLoader.load([path]).first else { return Baseline(entries: []) }
    return try Baseline.read(source.bytes, name: source.name)
  }

  /// The day in UTC: the same wherever a pipeline runs.
  static var today: CivilDate {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    // A clock before the year 1 is none.
    return CivilDate(year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
      ?? CivilDate(year: 9999, month: 12, day: 31)!
  }
}

/// The version that documents name as their producer.
enum BulkheadVersion { static let text = "0.1.0" }

/// What the terminal is like.
enum TerminalSize {
  /// `COLUMNS`, the terminal's width, or 110.
  static var columns: Int {
    if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 {
      return min(max(columns, 60), 240)
    }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 110 }
    return min(max(Int(size.ws_col), 60), 240)
  }

  /// Whether the locale takes more than ASCII.
  static var isUnicode: Bool {
    for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = getenv(name), value.pointee != 0 else { continue }
      let text = String(cString: value).lowercased()
      return text.contains("utf-8") || text.contains("utf8")
    }
    return false
  }
}

/// An audit on all processors; the result is that of one.
enum SideBySideAudit {
  /// Fewer workloads than these are not worth a thread.
  private static let grain = 64

  static func run(_ fleet: Fleet, _ options: AuditOptions, input: [Finding]) -> AuditResult {
    let audit = AuditRun(fleet, options)
    let chunks = stride(from: 0, to: fleet.workloads.count, by: grain).map {
      $0..<min($0 + grain, fleet.workloads.count)
    }
    let parts = Mutex<[AuditPart]>(Array(repeating: AuditPart(), count: chunks.count + 1))
    DispatchQueue.concurrentPerform(iterations: chunks.count + 1) { index in
      // The longest part first, so that no processor waits for it at the end.
      let part = index == 0 ? audit.fleetPart() : audit.part(chunks[index - 1])
      parts.withLock { $0[index] = part }
    }
    return audit.result(parts.withLock { $0 }, input: input)
  }
}
