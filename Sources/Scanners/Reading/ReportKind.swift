import Diagnostics

/// Which report this is. Told by the content, never by the file's name.
enum ReportKind: Equatable {
  case trivy, operatorReport, operatorList, clair, openVEX, knownExploited

  /// Reads the whole text once, so that whatever follows may rely on its being whole.
  init(_ source: ReportSource) throws {
    try Self.check(source)
    var reader = JSONReader(source.bytes)
    do {
      guard try reader.peek() == .object else {
        throw source.error(
          "the report is a list, as Trivy wrote it up to schema version 1; version 2 is read",
          cure: "make it anew with Trivy 0.20 or later")
      }
      self = try Self.kind(try Head(&reader), source)
    } catch let problem as JSONReader.Problem {
      throw source.error(
        problem.message, cure: "make the report anew; it must be one whole JSON document",
        line: reader.line(of: problem.offset))
    }
  }

  private static func check(_ source: ReportSource) throws {
    let bytes = source.bytes
    guard bytes.count <= ReportLimits.reportBytes else {
      throw source.error(
        "the report has \(bytes.count) bytes; at most \(ReportLimits.reportBytes) are read",
        cure: "make one report for each image, without the list of all packages")
    }
    guard bytes.contains(where: { $0 > 0x20 }) else {
      throw source.error("the report is empty", cure: "see whether the scanner ended without an error")
    }
    if bytes.starts(with: [0x1F, 0x8B]) {
      throw source.error("the report is compressed", cure: "unpack it: gunzip FILE")
    }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw source.error("the report is UTF-16 text", cure: "convert it: iconv -f UTF-16 -t UTF-8 FILE")
    }
  }

  /// The outermost keys, and the values that tell reports apart.
  private struct Head {
    var keys: Set<String> = []
    var values: [String: String] = [:]
    private static let telling: Set<String> = [
      "SchemaVersion", "apiVersion", "kind", "@context", "bomFormat", "version",
    ]

    init(_ reader: inout JSONReader) throws(JSONReader.Problem) {
      _ = try reader.enterObject("the report")
      while let key = try reader.nextKey() {
        if keys.count < ReportLimits.names { keys.insert(key) }
        if Self.telling.contains(key) { values[key] = try Self.value(&reader) } else { try reader.skip() }
      }
      try reader.finish()
    }

    private static func value(_ reader: inout JSONReader) throws(JSONReader.Problem) -> String? {
      switch try reader.peek() {
      case .string: return try reader.text()
      case .number: return try reader.integer("the version").map { String($0) }
      case .array:
        // JSON-LD allows several contexts; the first that is OpenVEX's counts.
        var found: String?
        _ = try reader.enterArray("")
        while try reader.nextElement() {
          guard try reader.peek() == .string else {
            try reader.skip()
            continue
          }
          let text = try reader.text()
          if text.hasPrefix("https://openvex.dev/") { found = found ?? text }
        }
        return found
      default:
        try reader.skip()
        return nil
      }
    }
  }

  private static func kind(_ head: Head, _ source: ReportSource) throws -> ReportKind {
    if head.keys.contains("SchemaVersion") || head.keys.isSuperset(of: ["ArtifactName", "Results"]) {
      let version = head.values["SchemaVersion"] ?? "none"
      guard version == "2" else {
        throw source.error(
          "a Trivy report of schema version \(version.prefix(20)); version 2 is read",
          cure: "make it with Trivy 0.20 or later: trivy image --format json")
      }
      return .trivy
    }
    if let version = head.values["apiVersion"], let kind = head.values["kind"] {
      return try ofCluster(version, kind, source)
    }
    if let context = head.values["@context"], context.hasPrefix("https://openvex.dev/ns") {
      guard ["https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0"].contains(context) else {
        throw source.error(
          "an OpenVEX document of version \(context.dropFirst(22).prefix(40)); 0.2.0 is read",
          cure: "convert it to OpenVEX 0.2.0")
      }
      return .openVEX
    }
    if head.keys.isSuperset(of: ["manifest_hash", "vulnerabilities"]) { return .clair }
    if head.keys.isSuperset(of: ["catalogVersion", "vulnerabilities"]) { return .knownExploited }
    throw source.error("\(foreign(head)) is not read", cure: accepted)
  }

  private static func ofCluster(_ version: String, _ kind: String, _ source: ReportSource) throws -> ReportKind {
    if version == "v1" && kind == "List" { return .operatorList }
    guard version.hasPrefix("aquasecurity.github.io/") else {
      throw source.error("a \(kind.prefix(60)) is no vulnerability report", cure: accepted)
    }
    guard version == "aquasecurity.github.io/v1alpha1" else {
      throw source.error(
        "a report of the Trivy operator of version \(version.prefix(80)); aquasecurity.github.io/v1alpha1 is read",
        cure: "ask the cluster for that version")
    }
    switch kind {
    case "VulnerabilityReport", "ClusterVulnerabilityReport": return .operatorReport
    case "VulnerabilityReportList", "ClusterVulnerabilityReportList": return .operatorList
    default: throw source.error("a \(kind.prefix(60)) holds no vulnerabilities", cure: accepted)
    }
  }

  private static let accepted =
    "name a report of Trivy (--format json), of its operator (kubectl get vulnerabilityreports -o json), of Clair v4, "
    + "an OpenVEX 0.2.0 document or CISA's catalogue of known exploited vulnerabilities (JSON)"

  private static func foreign(_ head: Head) -> String {
    if head.values["bomFormat"] != nil { return "a CycloneDX document" }
    if head.keys.contains("spdxVersion") { return "an SPDX document" }
    if head.keys.isSuperset(of: ["matches", "descriptor"]) { return "a Grype report" }
    if head.keys.isSuperset(of: ["runs", "version"]) { return "a SARIF file" }
    if head.keys.contains("Layer") { return "a report of Clair's second version" }
    if head.keys.isSuperset(of: ["document", "vulnerabilities"]) { return "a CSAF document" }
    if head.keys.isSuperset(of: ["manifest_hash", "packages"]) {
      return "Clair's index report, without vulnerabilities,"
    }
    return "this JSON document"
  }
}
