package import Audit
import Diagnostics
import FleetModel
import IntentModel
import PodSecurity
import Reports

/// The audit for people: one block for each object, the worst finding first, with the patch that cures it.
package struct AuditTable {
  package struct Style: Sendable {
    package var colored: Bool
    /// Columns of the terminal.
    package var width: Int
    /// Marks beyond ASCII.
    package var isUnicode: Bool

    package init(colored: Bool = false, width: Int = 110, isUnicode: Bool = true) {
      self.colored = colored
      self.width = width
      self.isUnicode = isUnicode
    }
  }

  private let result: AuditResult
  private let style: Style
  private let showsUnknown: Bool
  private let paint: Paint

  package init(_ result: AuditResult, _ style: Style, showsUnknown: Bool = false) {
    self.result = result
    self.style = style
    self.showsUnknown = showsUnknown
    paint = Paint(style.colored)
  }

  package var text: String {
    var text = ""
    write { text += $0 }
    return text
  }

  /// Gives the blocks away one by one: a large fleet's table is long.
  package func write(_ emit: (String) -> Void) {
    let levels = Dictionary(result.podSecurity.map { ($0.resource, $0.verdict) }) { first, _ in first }
    var start = 0
    while start < result.findings.count {
      var end = start + 1
      while end < result.findings.count, result.findings[end].resource == result.findings[start].resource { end += 1 }
      emit((start == 0 ? "" : "\n") + block(result.findings[start..<end], levels[result.findings[start].resource]))
      start = end
    }
    if result.findings.isEmpty { emit("nothing found\n") }
    if !result.podSecurity.isEmpty { emit("\n" + podSecurity) }
    if !result.borne.isEmpty { emit("\n" + borne) }
    if let fixed = result.fixed, !fixed.isEmpty { emit("\n" + self.fixed(fixed)) }
    if !result.unknown.isEmpty { emit("\n" + unknown) }
  }

  /// One line for standard error.
  package static func summary(_ result: AuditResult) -> String {
    let counts = result.counts(result.findings).filter { $0.count > 0 }
      .map { "\($0.count) \($0.severity.rawValue)" }.joined(separator: ", ")
    var parts = [plural(result.findings.count, "finding") + (counts.isEmpty ? "" : " (\(counts))")]
    parts.append("in " + plural(result.podSecurity.count, "workload"))
    var text = parts.joined(separator: " ")
    if let fixed = result.fixed {
      let new = result.counting.reduce(0) { count, _ in count + 1 }
      text += "; \(new) new since the baseline, \(fixed.count) fixed"
    }
    if !result.borne.isEmpty { text += "; \(result.borne.count) borne by exceptions" }
    let undecided = result.undecidedRules
    if undecided > 0 { text += "; \(plural(undecided, "rule")) could not be decided everywhere (--show-unknown)" }
    return text
  }

  private static func plural(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  private func block(_ findings: ArraySlice<AuditFinding>, _ verdict: PodSecurityVerdict?) -> String {
    guard let first = findings.first else { return "" }
    let id = first.resource
    let name = id.namespace.isEmpty ? id.name : "\(id.namespace)/\(id.name)"
    let level = verdict.map { "  Pod Security: \($0.level.rawValue)" } ?? ""
    var lines = [paint.bold("\(name.safeLine) [\(id.kind.safeLine)]") + paint.dim(level)]
    var fixes: [String: String] = [:]
    for finding in findings {
      lines += self.lines(finding, &fixes)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func lines(_ finding: AuditFinding, _ fixes: inout [String: String]) -> [String] {
    let place = finding.location.map { "  \($0.description.safeLine)" } ?? ""
    let known = finding.isKnown ? "  (in the baseline)" : ""
    let head = "\(mark(finding.severity)) \(finding.severity.rawValue.padded(to: 8)) \(finding.code.padded(to: 3))"
    var lines = [
      "  " + colored(head, finding.severity) + "  " + paint.bold(finding.rule.title.safeLine)
        + paint.dim(place + known)
    ]
    lines += wrapped(finding.message.safeLine, indent: 6)
    guard !finding.fix.isEmpty else { return lines }
    if let earlier = fixes[finding.fix] {
      lines.append(paint.dim("      fix: the same as for \(earlier)"))
    } else {
      fixes[finding.fix] = finding.code
      let patch = finding.fix.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).safeLine }
      if patch.count == 1 {
        lines += wrapped("fix: " + patch[0], indent: 6).map { paint.green($0) }
      } else {
        lines.append(paint.green("      fix:"))
        lines += patch.map { paint.green("        " + $0) }
      }
    }
    return lines
  }

  private func mark(_ severity: Severity) -> String {
    switch severity {
    case .critical: style.isUnicode ? "✖" : "X"
    case .high: style.isUnicode ? "▲" : "!"
    case .medium: style.isUnicode ? "●" : "*"
    case .low: style.isUnicode ? "○" : "o"
    case .info: style.isUnicode ? "·" : "."
    }
  }

  private func colored(_ text: String, _ severity: Severity) -> String {
    switch severity {
    case .critical, .high: paint.red(text)
    case .medium: paint.yellow(text)
    case .low, .info: text
    }
  }

  /// Broken at blanks so that lines fit; a word longer than a line stays whole.
  private func wrapped(_ text: String, indent: Int) -> [String] {
    let blanks = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = ""
    var width = 0
    for word in text.split(separator: " ") {
      let length = String(word).terminalWidth
      if width > 0, indent + width + 1 + length > style.width {
        lines.append(blanks + line)
        (line, width) = ("", 0)
      }
      line += (width > 0 ? " " : "") + word
      width += length + (width > 0 ? 1 : 0)
    }
    // A break may put any word at the beginning of a line.
    return (lines + (line.isEmpty ? [] : [blanks + line])).map(InertText.command)
  }

  private var podSecurity: String {
    let rows = result.podSecurity.map { row -> [TextTable.Cell] in
      let color: TextColor =
        switch row.verdict.level {
        case .privileged: .red
        case .baseline: .yellow
        case .restricted: .green
        }
      return [
        .init("\(row.resource.namespace)/\(row.resource.name)".safeLine), .init(row.resource.kind.safeLine),
        .init(row.verdict.level.rawValue, color),
        .init(row.verdict.violations.map(\.control).joined(separator: " "), .dim),
      ]
    }
    let table = TextTable(
      columns: ["WORKLOAD", "KIND", "LEVEL", "CONTROLS FAILED"], rows: rows, colored: style.colored)
    return paint.bold("POD SECURITY STANDARDS, \(result.podSecurityVersion)") + "\n" + table.rendered()
  }

  private var borne: String {
    let rows = result.borne.compactMap { finding -> [TextTable.Cell]? in
      guard let exception = finding.exception else { return nil }
      return [
        .init(finding.code.safeLine), .init(finding.resource.description.safeLine), .init(exception.owner.safeLine),
        .init(exception.expires.description), .init(exception.reason.safeLine),
      ]
    }
    let table = TextTable(
      columns: ["CODE", "RESOURCE", "OWNER", "UNTIL", "REASON"], rows: rows, colored: style.colored)
    return paint.bold("BORNE BY EXCEPTIONS") + "\n" + table.rendered()
  }

  private func fixed(_ entries: [BaselineEntry]) -> String {
    let rows = entries.map { entry -> [TextTable.Cell] in
      [
        .init(entry.severity.rawValue), .init(entry.code.safeLine),
        .init("\(entry.resource.namespace)/\(entry.resource.name)[\(entry.resource.kind)]".safeLine),
        .init(entry.title.safeLine),
      ]
    }
    let table = TextTable(columns: ["SEVERITY", "CODE", "RESOURCE", "WHAT"], rows: rows, colored: style.colored)
    return paint.bold("FIXED SINCE THE BASELINE") + "\n" + table.rendered()
  }

  private var unknown: String {
    let title = paint.bold("UNKNOWN") + "\n"
    if showsUnknown {
      let rows = result.unknown.map { entry -> [TextTable.Cell] in
        [
          .init(entry.rule.code), .init(entry.resource.description.safeLine),
          .init("unknown, because \(entry.because)".safeLine),
        ]
      }
      return title + TextTable(columns: ["CODE", "RESOURCE", "WHY"], rows: rows, colored: style.colored).rendered()
    }
    let rows = result.unknownByRule.map { group -> [TextTable.Cell] in
      [
        .init(group.rule.code), .init("\(group.count)"), .init(group.rule.title),
        .init(group.because.safeLine),
      ]
    }
    return title
      + TextTable(columns: ["CODE", "OBJECTS", "WHAT", "BECAUSE"], rows: rows, colored: style.colored).rendered()
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  /// Safe for terminals and for CI runners, which take a line that begins with `::` for a command.
  fileprivate var safeLine: String { InertText.command(InertText.line(self)) }
}
