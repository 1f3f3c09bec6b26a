package import Diagnostics
import FleetModel

/// All reports that were given, read.
package struct EvidenceSet: Sendable {
  package var images: [ImageEvidence] = []
  package var statements: [VEXStatement] = []
  /// Ids of vulnerabilities that are used in real attacks, upper case.
  package var knownExploited: Set<String> = []
  package var checks: [ConfigurationCheck] = []
  /// What is odd about the reports themselves.
  package var findings: [Finding] = []

  package init() {}

  /// - Throws: `BulkheadError(.badInput)` for the first report that cannot be read.
  package static func read(_ sources: [ReportSource]) throws -> EvidenceSet {
    var set = EvidenceSet()
    for source in sources { try set.add(source) }
    return set
  }

  /// - Throws: `BulkheadError(.badInput)` with the place and a cure where the report is of another kind or version, cut
  ///   off, too large, or no JSON.
  package mutating func add(_ source: ReportSource) throws {
    let kind = try ReportKind(source)
    var reader = JSONReader(source.bytes)
    do {
      switch kind {
      case .trivy: try addTrivy(&reader, source)
      case .operatorReport, .operatorList:
        let found = try OperatorReport.read(&reader, isList: kind == .operatorList, source: source)
        if found.isEmpty { note(.notAnImage, source, "the list holds no report of the Trivy operator") }
        images += found
      case .clair:
        if let evidence = try ClairReport(&reader).evidence(source) {
          images.append(evidence)
        } else {
          note(.notAnImage, source, "the Clair report names no manifest")
        }
      case .openVEX:
        let document = try VEXDocument(&reader, source)
        statements += document.statements
        if !document.problems.isEmpty { note(.statement, source, Self.few(document.problems)) }
      case .knownExploited: knownExploited.formUnion(try KnownExploited.read(&reader))
      }
    } catch {
      throw source.error(
        error.message, cure: "make the report anew with the scanner's current version",
        line: reader.line(of: error.offset))
    }
  }

  private mutating func addTrivy(_ reader: inout JSONReader, _ source: ReportSource) throws(JSONReader.Problem) {
    let report = try TrivyReport(&reader)
    checks += report.checks
    if let evidence = report.evidence(source) {
      images.append(evidence)
    } else if !report.vulnerabilities.isEmpty {
      note(
        .notAnImage, source,
        "the report is about a \(report.artifactType.isEmpty ? "thing without a name" : report.artifactType), not "
          + "about an image: its \(report.vulnerabilities.count) vulnerabilities belong to no container")
    } else if report.checks.isEmpty {
      note(.notAnImage, source, "the report is about no image and holds no vulnerability")
    } else {
      note(
        .notAnImage, source,
        "the report holds \(report.checks.count) configuration checks and no vulnerability; audit decides such checks "
          + "itself")
    }
  }

  private mutating func note(_ code: VulnerabilityCode, _ source: ReportSource, _ message: String) {
    findings.append(code.finding(message: message, location: source.location))
  }

  /// The first few of many.
  static func few(_ texts: [String], _ limit: Int = 3) -> String {
    let shown = texts.prefix(limit).joined(separator: "; ")
    return texts.count > limit ? "\(shown); and \(texts.count - limit) more" : shown
  }
}
