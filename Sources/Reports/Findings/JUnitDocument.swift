package import Audit
import Diagnostics
import FleetModel

/// JUnit XML as Jenkins and GitLab read it: a suite for each object, a test case for each finding. What an exception
/// bears or a baseline knows is skipped; an object without findings passes.
package struct JUnitDocument {
  private let result: AuditResult

  package init(_ result: AuditResult) { self.result = result }

  private struct Suite {
    var id: ObjectReference
    var findings: [AuditFinding]
    var skipped: Int { findings.count { $0.exception != nil || $0.isKnown } }
    var failures: Int { findings.count - skipped }
    var tests: Int { max(1, findings.count) }
  }

  private var suites: [Suite] {
    var byObject: [ObjectReference: [AuditFinding]] = [:]
    for row in result.podSecurity { byObject[row.resource] = [] }
    for finding in result.findings { byObject[finding.resource, default: []].append(finding) }
    for finding in result.borne { byObject[finding.resource, default: []].append(finding) }
    return byObject.sorted { $0.key < $1.key }.map { Suite(id: $0.key, findings: $0.value) }
  }

  package func write(to sink: @escaping ([UInt8]) -> Void) {
    let suites = self.suites
    var buffer = ByteBuffer(sink)
    let (tests, failures, skipped) = suites.reduce((0, 0, 0)) {
      ($0.0 + $1.tests, $0.1 + $1.failures, $0.2 + $1.skipped)
    }
    buffer.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    buffer.append(
      "<testsuites name=\"bulkhead audit\" tests=\"\(tests)\" failures=\"\(failures)\" errors=\"0\" "
        + "skipped=\"\(skipped)\" time=\"0\">\n")
    for suite in suites { write(suite, &buffer) }
    buffer.append("</testsuites>\n")
    buffer.flush()
  }

  private func write(_ suite: Suite, _ buffer: inout ByteBuffer) {
    let name = InertText.xml(suite.id.description)
    buffer.append(
      "  <testsuite name=\"\(name)\" tests=\"\(suite.tests)\" failures=\"\(suite.failures)\" errors=\"0\" "
        + "skipped=\"\(suite.skipped)\" time=\"0\">\n")
    if suite.findings.isEmpty {
      buffer.append("    <testcase classname=\"\(name)\" name=\"no finding\" time=\"0\"/>\n")
    }
    for finding in suite.findings { write(finding, name, &buffer) }
    buffer.append("  </testsuite>\n")
    buffer.flushIfLarge()
  }

  private func write(_ finding: AuditFinding, _ suite: String, _ buffer: inout ByteBuffer) {
    let container = finding.container.map { " (\($0))" } ?? ""
    let name = InertText.xml("\(finding.code) \(finding.rule.title)\(container) #\(finding.fingerprint.prefix(8))")
    let place = "file=\"\(InertText.xml(finding.artifact))\" line=\"\(finding.line)\""
    buffer.append("    <testcase classname=\"\(suite)\" name=\"\(name)\" \(place) time=\"0\">\n")
    if let exception = finding.exception {
      let why = "borne by \(exception.owner) until \(exception.expires): \(exception.reason)"
      buffer.append("      <skipped message=\"\(InertText.xml(why))\"/>\n")
    } else if finding.isKnown {
      buffer.append("      <skipped message=\"in the baseline\"/>\n")
    } else {
      let text = InertText.lines(finding.messageWithFix).joined(separator: "\n")
      buffer.append(
        "      <failure type=\"\(finding.severity.rawValue)\" message=\"\(InertText.xml(finding.message))\">"
          + InertText.xml(text) + "</failure>\n")
    }
    buffer.append("    </testcase>\n")
  }
}
