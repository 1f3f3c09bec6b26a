package import Audit
package import Diagnostics
import FleetModel

/// SARIF 2.1.0 as GitHub's code scanning takes it (docs.github.com, "SARIF support for code scanning"): at most 25,000
/// results a run, at most 20 tags a rule, of which 10 are kept.
package struct SARIFDocument {
  private let result: AuditResult
  private let version: String
  private let threshold: Severity?
  private let shown: [AuditFinding]
  private let rules: [AuditRule]
  private let omitted: Int
  package static let mostResults = 25_000

  /// - Parameters:
  ///   - version: of the program.
  ///   - failOn: the threshold that the exit code told belongs to.
  package init(
    _ result: AuditResult, version: String, failOn threshold: Severity?, most: Int = SARIFDocument.mostResults
  ) {
    self.result = result
    self.version = version
    self.threshold = threshold
    let all = result.findings + result.borne
    shown = Self.worst(all, most)
    omitted = all.count - shown.count
    rules = result.rulesFound
  }

  /// The most severe ones, in the order in which they came.
  private static func worst(_ all: [AuditFinding], _ most: Int) -> [AuditFinding] {
    guard all.count > most else { return all }
    let order = all.indices.sorted { (all[$1].severity, $0) < (all[$0].severity, $1) }
    return order.prefix(most).sorted().map { all[$0] }
  }

  package func write(to sink: @escaping ([UInt8]) -> Void) {
    var writer = JSONWriter(sink)
    writer.openMapping(nil, isRow: false)
    writer.string("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
    writer.string("version", "2.1.0")
    writer.openList("runs")
    writer.openMapping(nil, isRow: false)
    writeTool(&writer)
    writer.openMapping("automationDetails", isRow: true)
    writer.string("id", "bulkhead/audit/")
    writer.closeMapping()
    writeInvocation(&writer)
    writer.openList("results")
    let indices = Dictionary(rules.enumerated().map { (ObjectIdentifier($1), $0) }) { first, _ in first }
    for finding in shown { write(finding, indices[ObjectIdentifier(finding.rule)] ?? 0, &writer) }
    writer.closeList()
    writer.string("columnKind", "utf16CodeUnits")
    writer.closeMapping()
    writer.closeList()
    writer.closeMapping()
    writer.finish()
  }

  private func writeTool(_ writer: inout JSONWriter) {
    writer.openMapping("tool", isRow: false)
    writer.openMapping("driver", isRow: false)
    writer.string("name", "Bulkhead")
    writer.string("semanticVersion", version)
    writer.openList("rules")
    for rule in rules { write(rule, &writer) }
    writer.closeList()
    writer.closeMapping()
    writer.closeMapping()
  }

  private func write(_ rule: AuditRule, _ writer: inout JSONWriter) {
    writer.openMapping(nil, isRow: true)
    writer.string("id", rule.code)
    writer.string("name", Self.name(rule))
    text("shortDescription", rule.title, &writer)
    text("fullDescription", rule.explanation, &writer)
    writer.openMapping("help", isRow: true)
    writer.string("text", ([rule.explanation, rule.mitigation] + rule.references).joined(separator: "\n"))
    writer.string("markdown", Self.help(rule))
    writer.closeMapping()
    writer.openMapping("defaultConfiguration", isRow: true)
    writer.string("level", Self.level(rule.severity))
    writer.closeMapping()
    writer.openMapping("properties", isRow: true)
    writer.strings(
      "tags", (["security", "kubernetes", rule.kind.rawValue] + rule.attack.map { "attack/\($0)" }).prefix(10))
    writer.string("precision", "high")
    writer.string("problem.severity", Self.problem(rule.severity))
    writer.string("security-severity", Self.score(rule.severity))
    writer.closeMapping()
    writer.closeMapping()
  }

  private static func help(_ rule: AuditRule) -> String {
    var parts = [
      "**\(InertText.markdown(rule.title))**", InertText.markdown(rule.explanation),
      InertText.markdown(rule.mitigation),
      "`bulkhead explain \(InertText.line(rule.code))` tells more.",
    ]
    if !rule.references.isEmpty {
      parts.append(rule.references.map { "- \(InertText.markdown($0))" }.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  /// PascalCase, as the viewers show it: `PrivilegedDiskMount`.
  private static func name(_ rule: AuditRule) -> String {
    let words = rule.title.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
    let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    return name.isEmpty ? rule.code : name
  }

  private func writeInvocation(_ writer: inout JSONWriter) {
    let code = result.exit(failOn: threshold)
    writer.openList("invocations")
    writer.openMapping(nil, isRow: false)
    writer.bool("executionSuccessful", true)
    writer.number("exitCode", Int(code.rawValue))
    if omitted > 0 {
      writer.openList("toolExecutionNotifications")
      writer.openMapping(nil, isRow: true)
      writer.string("level", "warning")
      text(
        "message",
        "\(omitted) results of the lowest severities are left out: GitHub takes \(Self.mostResults) results a run. "
          + "Audit fewer manifests at once, or use --min-severity.", &writer)
      writer.closeMapping()
      writer.closeList()
    }
    writer.closeMapping()
    writer.closeList()
  }

  private func write(_ finding: AuditFinding, _ ruleIndex: Int, _ writer: inout JSONWriter) {
    writer.openMapping(nil, isRow: true)
    writer.string("ruleId", finding.code)
    writer.number("ruleIndex", ruleIndex)
    writer.string("level", Self.level(finding.severity))
    text("message", InertText.lines(finding.messageWithFix).joined(separator: "\n"), &writer)
    writeLocation(finding, &writer)
    let fingerprint = finding.fingerprint
    writer.openMapping("partialFingerprints", isRow: true)
    // GitHub follows an alert by this key alone; without it a moved line would make a new alert.
    writer.string("primaryLocationLineHash", "\(fingerprint.prefix(16)):1")
    writer.string("bulkheadFingerprint/v1", fingerprint)
    writer.closeMapping()
    if result.fixed != nil { writer.string("baselineState", finding.isKnown ? "unchanged" : "new") }
    if let exception = finding.exception {
      writer.openList("suppressions")
      writer.openMapping(nil, isRow: true)
      writer.string("kind", "external")
      writer.string("status", "accepted")
      writer.string("justification", "\(exception.owner), until \(exception.expires): \(exception.reason)")
      writer.closeMapping()
      writer.closeList()
    }
    writer.closeMapping()
  }

  private func writeLocation(_ finding: AuditFinding, _ writer: inout JSONWriter) {
    writer.openList("locations")
    writer.openMapping(nil, isRow: true)
    writer.openMapping("physicalLocation", isRow: true)
    writer.openMapping("artifactLocation", isRow: true)
    let path = InertText.uriPath(finding.artifact)
    if path.hasPrefix("/") {
      writer.string("uri", "file://\(path)")
    } else {
      writer.string("uri", path)
      writer.string("uriBaseId", "%SRCROOT%")
    }
    writer.closeMapping()
    writer.openMapping("region", isRow: true)
    writer.number("startLine", finding.line)
    writer.closeMapping()
    writer.closeMapping()
    writer.openList("logicalLocations")
    writer.openMapping(nil, isRow: true)
    writer.string("name", finding.resource.name)
    let container = finding.container.map { "/\($0)" } ?? ""
    writer.string("fullyQualifiedName", finding.resource.description + container)
    writer.string("kind", "resource")
    writer.closeMapping()
    writer.closeList()
    writer.closeMapping()
    writer.closeList()
  }

  private func text(_ key: StaticString, _ text: String, _ writer: inout JSONWriter) {
    writer.openMapping(key, isRow: true)
    writer.string("text", text)
    writer.closeMapping()
  }

  private static func level(_ severity: Severity) -> String {
    switch severity {
    case .critical, .high: "error"
    case .medium: "warning"
    case .low, .info: "note"
    }
  }

  private static func problem(_ severity: Severity) -> String {
    switch severity {
    case .critical, .high: "error"
    case .medium: "warning"
    case .low, .info: "recommendation"
    }
  }

  /// GitHub's bands: above 9.0 critical, from 7.0 high, from 4.0 medium, below low.
  private static func score(_ severity: Severity) -> String {
    switch severity {
    case .critical: "9.5"
    case .high: "8.0"
    case .medium: "5.5"
    case .low: "2.5"
    case .info: "0.5"
    }
  }
}
