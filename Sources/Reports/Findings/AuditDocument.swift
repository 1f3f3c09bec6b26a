package import Audit
import Diagnostics
import FleetModel
import PodSecurity

/// The audit for programs, `bulkhead.audit/1`, in JSON or YAML. The same input gives the same bytes.
package struct AuditDocument {
  private let result: AuditResult
  private let showsUnknown: Bool

  /// - Parameter showsUnknown: also each single assessment that could not be made.
  package init(_ result: AuditResult, showsUnknown: Bool = false) {
    self.result = result
    self.showsUnknown = showsUnknown
  }

  package func writeJSON(to sink: @escaping ([UInt8]) -> Void) {
    var writer = JSONWriter(sink)
    write(&writer)
    writer.finish()
  }

  package func writeYAML(to sink: @escaping ([UInt8]) -> Void) {
    var writer = YAMLWriter(sink)
    write(&writer)
    writer.finish()
  }

  private func write(_ writer: inout some TreeWriter) {
    writer.openMapping(nil, isRow: false)
    writer.string("schema", "bulkhead.audit/1")
    writer.openList("findings")
    let showsBaseline = result.fixed != nil
    writer.rows(result.findings) { $0.write(to: &$1, showsBaseline: showsBaseline) }
    writer.closeList()
    writer.openList("podSecurity")
    writer.rows(result.podSecurity) { Self.write($0, &$1) }
    writer.closeList()
    if !result.borne.isEmpty {
      writer.openList("suppressed")
      for finding in result.borne { finding.write(to: &writer, showsBaseline: false) }
      writer.closeList()
    }
    if let fixed = result.fixed { write(fixed, &writer) }
    if showsUnknown { writeUnknown(&writer) }
    writeRules(&writer)
    writeSummary(&writer)
    writer.closeMapping()
  }

  private static func write(_ row: PodSecurityRow, _ writer: inout some TreeWriter) {
    writer.openMapping(nil, isRow: true)
    row.resource.write(to: &writer)
    writer.string("level", row.verdict.level.rawValue)
    writer.openList("violations")
    for violation in row.verdict.violations {
      writer.openMapping(nil, isRow: true)
      writer.string("control", violation.control)
      writer.string("level", violation.level.rawValue)
      let containers = violation.containers
      if !containers.isEmpty { writer.strings("containers", containers) }
      writer.closeMapping()
    }
    writer.closeList()
    writer.closeMapping()
  }

  private func write(_ fixed: [BaselineEntry], _ writer: inout some TreeWriter) {
    writer.openList("fixed")
    for entry in fixed {
      writer.openMapping(nil, isRow: true)
      writer.string("code", entry.code)
      writer.string("title", entry.title)
      writer.string("severity", entry.severity.rawValue)
      let resource = entry.resource
      ObjectReference(kind: resource.kind, namespace: resource.namespace, name: resource.name)
        .write(to: &writer, container: resource.container)
      writer.string("message", entry.message)
      writer.string("fingerprint", entry.fingerprint)
      writer.closeMapping()
    }
    writer.closeList()
  }

  private func writeUnknown(_ writer: inout some TreeWriter) {
    writer.openList("unknown")
    for entry in result.unknown {
      writer.openMapping(nil, isRow: true)
      writer.string("code", entry.rule.code)
      entry.resource.write(to: &writer)
      writer.string("because", entry.because)
      writer.closeMapping()
    }
    writer.closeList()
  }

  /// What the codes of the findings mean, each once.
  private func writeRules(_ writer: inout some TreeWriter) {
    writer.openList("rules")
    for rule in result.rulesFound {
      writer.openMapping(nil, isRow: true)
      writer.string("code", rule.code)
      writer.string("title", rule.title)
      writer.string("severity", rule.severity.rawValue)
      writer.string("explanation", rule.explanation)
      writer.string("mitigation", rule.mitigation)
      writer.strings("attack", rule.attack)
      writer.strings("references", rule.references)
      writer.closeMapping()
    }
    writer.closeList()
  }

  private func writeSummary(_ writer: inout some TreeWriter) {
    writer.openMapping("summary", isRow: false)
    writer.openMapping("findings", isRow: true)
    writer.number("total", result.findings.count)
    for (severity, count) in result.counts(result.findings) { writer.number(severity.key, count) }
    if let fixed = result.fixed {
      writer.number("new", result.counting.reduce(0) { count, _ in count + 1 })
      writer.number("fixed", fixed.count)
    }
    writer.number("suppressed", result.borne.count)
    writer.closeMapping()
    writer.openMapping("podSecurity", isRow: true)
    writer.string("version", result.podSecurityVersion.description)
    for level in PodSecurityLevel.allCases {
      writer.number(level.key, result.podSecurity.count { $0.verdict.level == level })
    }
    writer.closeMapping()
    writer.openList("unknown")
    for group in result.unknownByRule {
      writer.openMapping(nil, isRow: true)
      writer.string("code", group.rule.code)
      writer.string("title", group.rule.title)
      writer.number("count", group.count)
      writer.string("because", group.because)
      writer.strings("resources", group.resources.lazy.map(\.description))
      writer.closeMapping()
    }
    writer.closeList()
    writer.closeMapping()
  }
}

extension AuditResult {
  /// The rules of findings, suppressed ones as well, each once, in the order of their codes.
  var rulesFound: [AuditRule] {
    var seen: Set<ObjectIdentifier> = []
    var rules: [AuditRule] = []
    for finding in findings where seen.insert(ObjectIdentifier(finding.rule)).inserted { rules.append(finding.rule) }
    for finding in borne where seen.insert(ObjectIdentifier(finding.rule)).inserted { rules.append(finding.rule) }
    return rules.sorted { ($0.code, $0.title) < ($1.code, $1.title) }
  }
}

extension Severity {
  fileprivate var key: StaticString {
    switch self {
    case .critical: "critical"
    case .high: "high"
    case .medium: "medium"
    case .low: "low"
    case .info: "info"
    }
  }
}

extension PodSecurityLevel {
  fileprivate var key: StaticString {
    switch self {
    case .privileged: "privileged"
    case .baseline: "baseline"
    case .restricted: "restricted"
    }
  }
}
