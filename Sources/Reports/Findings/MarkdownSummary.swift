package import Audit
import Diagnostics
import FleetModel
import PodSecurity

/// Markdown for `$GITHUB_STEP_SUMMARY`, which takes 1 MiB.
package struct MarkdownSummary {
  private let result: AuditResult
  private let longest: Int
  package static let mostBytes = 1 << 20

  package init(_ result: AuditResult, most: Int = MarkdownSummary.mostBytes) {
    self.result = result
    longest = most
  }

  package var text: String {
    var text = head
    // What comes last always fits.
    let tail = self.tail
    let room = longest - tail.utf8.count - 200
    var size = text.utf8.count
    var start = 0
    while start < result.findings.count {
      var end = start + 1
      while end < result.findings.count, result.findings[end].resource == result.findings[start].resource { end += 1 }
      let block = self.block(result.findings[start..<end])
      if size + block.utf8.count > room { break }
      text += block
      size += block.utf8.count
      start = end
    }
    let left = result.findings.count - start
    if left > 0 { text += "\n…and \(left) more findings, left out because a summary takes 1 MiB.\n" }
    return text + tail
  }

  private var head: String {
    var text = "## Bulkhead audit\n\n"
    text += "| severity | findings |\n|---|---:|\n"
    for (severity, count) in result.counts(result.findings) { text += "| \(severity.rawValue) | \(count) |\n" }
    if let fixed = result.fixed {
      let new = result.counting.reduce(0) { count, _ in count + 1 }
      text += "\n\(new) new since the baseline, \(fixed.count) fixed.\n"
    }
    if !result.borne.isEmpty { text += "\n\(result.borne.count) borne by exceptions.\n" }
    return text
  }

  private func block(_ findings: ArraySlice<AuditFinding>) -> String {
    guard let first = findings.first else { return "" }
    var text =
      "\n<details><summary><b>\(InertText.xml(InertText.line(first.resource.description)))</b>: "
      + "\(findings.count)</summary>\n\n"
    text += "| severity | code | what | where |\n|---|---|---|---|\n"
    for finding in findings {
      let place = finding.location?.description ?? ""
      let known = finding.isKnown ? " (known)" : ""
      text += "| \(finding.severity.rawValue)\(known) | \(InertText.markdown(finding.code)) "
      text += "| \(InertText.markdown(finding.rule.title)): \(InertText.markdown(finding.message)) "
      text += "| \(InertText.markdown(place)) |\n"
    }
    var told: Set<String> = []
    for finding in findings where !finding.fix.isEmpty && told.insert(finding.fix).inserted {
      text += "\n\(InertText.markdown(finding.code)):\n\n\(InertText.markdownCode(finding.fix, language: "yaml"))"
    }
    return text + "\n</details>\n"
  }

  private var tail: String {
    let rows = result.podSecurity
    var text = "\nPod Security Standards (\(result.podSecurityVersion)): "
    text += PodSecurityLevel.allCases.map { level in
      "\(rows.count { $0.verdict.level == level }) \(level.rawValue)"
    }.joined(separator: ", ")
    let unknown = result.unknownByRule
    text += ".\n"
    if !unknown.isEmpty {
      let codes = unknown.prefix(150).map { InertText.markdown($0.rule.code) }.joined(separator: ", ")
      text += "\nCould not be decided everywhere: \(codes).\n"
    }
    return text
  }
}
