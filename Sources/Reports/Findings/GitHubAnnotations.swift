package import Audit
import Diagnostics
import FleetModel

/// Workflow commands for GitHub Actions. Of each kind a step shows ten; the rest is counted.
package struct GitHubAnnotations {
  private let result: AuditResult
  private static let shown = 10
  /// A message longer than a screen helps nobody in a margin.
  private static let longest = 4000

  package init(_ result: AuditResult) { self.result = result }

  package var text: String {
    let counting = Array(result.counting)
    var lines: [String] = []
    var omitted = 0
    for (kind, severities) in Self.kinds {
      let found = counting.filter { severities.contains($0.severity) }.enumerated()
        .sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(\.element)
      lines += found.prefix(Self.shown).map { Self.annotation(kind, $0) }
      omitted += max(0, found.count - Self.shown)
    }
    let counts = result.counts(counting).filter { $0.count > 0 }.map { "\($0.count) \($0.severity.rawValue)" }
    let rest = omitted > 0 ? "; \(omitted) more than GitHub shows in one step: use -o markdown or -o sarif" : ""
    let total = counts.isEmpty ? "nothing found" : counts.joined(separator: ", ")
    lines.append("bulkhead audit: \(total)\(rest)")
    return lines.joined(separator: "\n") + "\n"
  }

  private static let kinds: [(String, Set<Severity>)] = [
    ("error", [.critical, .high]), ("warning", [.medium]), ("notice", [.low, .info]),
  ]

  private static func annotation(_ kind: String, _ finding: AuditFinding) -> String {
    let title = "\(finding.code) \(finding.rule.title) (\(finding.severity.rawValue))"
    var message = "\(finding.resource): \(finding.messageWithFix)"
    if message.utf8.count > longest { message = String(message.prefix(longest / 4)) + "…" }
    return "::\(kind) file=\(InertText.githubProperty(finding.artifact)),line=\(finding.line),"
      + "title=\(InertText.githubProperty(title))::\(InertText.githubMessage(message))"
  }
}
