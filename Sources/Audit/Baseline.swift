package import Diagnostics
import FleetModel
import Foundation

/// A finding as an earlier audit told it.
package struct BaselineEntry: Sendable, Hashable, Decodable {
  package struct Resource: Sendable, Hashable, Decodable {
    package var kind: String
    package var namespace: String
    package var name: String
    package var container: String?
  }
  package var code: String
  package var title: String
  package var severity: Severity
  package var resource: Resource
  package var message: String
  package var fingerprint: String

  init(_ finding: AuditFinding) {
    code = finding.code
    title = finding.rule.title
    severity = finding.severity
    resource = Resource(
      kind: finding.resource.kind, namespace: finding.resource.namespace, name: finding.resource.name,
      container: finding.container)
    message = finding.message
    fingerprint = finding.fingerprint
  }
}

/// The findings of an earlier `audit -o json`: what somebody knows of already.
package struct Baseline: Sendable {
  package var entries: [BaselineEntry]
  private static let longest = 256 << 20

  package init(entries: [BaselineEntry]) { self.entries = entries }

  private struct Document: Decodable {
    var schema: String
    var findings: [BaselineEntry]
  }

  /// - Throws: `BulkheadError(.badInput)` for anything but an audit document of this program.
  package static func read(_ bytes: [UInt8], name: String) throws -> Baseline {
    func problem(_ message: String, _ cause: (any Error)? = nil) -> BulkheadError {
      BulkheadError(
        .badInput, message, cure: "make it with: bulkhead audit -f … -o json > baseline.json",
        location: SourceLocation(file: name.safeForTerminal, line: 0))
    }
    guard bytes.count <= longest else { throw problem("a baseline has at most 256 MiB") }
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(bytes))
    } catch {
      throw problem("it is no audit document")
    }
    guard document.schema == "bulkhead.audit/1" else {
      throw problem("its schema is '\(document.schema.prefix(80).description.safeForTerminal)', not bulkhead.audit/1")
    }
    return Baseline(entries: document.findings)
  }
}

extension AuditResult {
  /// Marks what the baseline knows, and lists what it has and this audit has not.
  package mutating func compare(with baseline: Baseline) {
    let known = Set(baseline.entries.map(\.fingerprint))
    var present: Set<String> = []
    for index in findings.indices {
      let fingerprint = findings[index].fingerprint
      findings[index].isKnown = known.contains(fingerprint)
      present.insert(fingerprint)
    }
    for finding in borne { present.insert(finding.fingerprint) }
    fixed = baseline.entries.filter { !present.contains($0.fingerprint) }
  }
}

/// What changed between two inputs.
package struct AuditDifference: Sendable {
  package var new: [AuditFinding]
  package var fixed: [AuditFinding]
  package var unchanged: Int
  /// The exposure of both inputs, where somebody computed it.
  package var exposure: (before: Double, after: Double)?

  package init(from old: AuditResult, to new: AuditResult, exposure: (before: Double, after: Double)? = nil) {
    self.exposure = exposure
    let before = Set(old.findings.map(\.fingerprint))
    let after = Set(new.findings.map(\.fingerprint))
    self.new = new.findings.filter { !before.contains($0.fingerprint) }
    fixed = old.findings.filter { !after.contains($0.fingerprint) }
    unchanged = new.findings.count - self.new.count
  }

  package var isEmpty: Bool { new.isEmpty && fixed.isEmpty }
}
