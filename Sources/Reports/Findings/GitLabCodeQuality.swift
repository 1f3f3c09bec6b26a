package import Audit
import Diagnostics
import FleetModel

/// GitLab's code quality report: a JSON array. It has no word for what is suppressed, which is left out.
package struct GitLabCodeQuality {
  private let result: AuditResult

  package init(_ result: AuditResult) { self.result = result }

  package func write(to sink: @escaping ([UInt8]) -> Void) {
    var writer = JSONWriter(sink)
    writer.openList(nil)
    for finding in result.findings {
      writer.openMapping(nil, isRow: true)
      writer.string(
        "description", InertText.line("\(finding.rule.title): \(finding.resource): \(finding.message)"))
      writer.string("check_name", finding.code)
      writer.string("fingerprint", finding.fingerprint)
      writer.string("severity", Self.severity(finding.severity))
      writer.openMapping("location", isRow: true)
      writer.string("path", finding.artifact)
      writer.openMapping("lines", isRow: true)
      writer.number("begin", finding.line)
      writer.closeMapping()
      writer.closeMapping()
      writer.closeMapping()
    }
    writer.closeList()
    writer.finish()
  }

  private static func severity(_ severity: Severity) -> String {
    switch severity {
    case .critical: "blocker"
    case .high: "critical"
    case .medium: "major"
    case .low: "minor"
    case .info: "info"
    }
  }
}
