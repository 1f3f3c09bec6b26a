import Diagnostics

/// Clair v4's `VulnerabilityReport` (`httptransport/api/v1`): packages, vulnerabilities, and which has which.
struct ClairReport {
  private struct Flaw {
    var name = ""
    var severity = Severity.info
    var fixed: String?
  }

  private var manifest = ""
  private var packages: [String: (name: String, version: String)] = [:]
  private var flaws: [String: Flaw] = [:]
  private var pairs: [(package: String, flaws: [String])] = []

  init(_ reader: inout JSONReader) throws(JSONReader.Problem) {
    _ = try reader.enterObject("the report")
    while let key = try reader.nextKey() {
      switch key {
      case "manifest_hash": manifest = try reader.text(key)
      case "packages":
        guard try reader.enterObject(key) else { continue }
        while let id = try reader.nextKey() { packages[id] = try Self.package(&reader) }
      case "vulnerabilities":
        guard try reader.enterObject(key) else { continue }
        while let id = try reader.nextKey() { flaws[id] = try Self.flaw(&reader) }
      case "package_vulnerabilities": try readPairs(&reader)
      default: try reader.skip()
      }
    }
    try reader.finish()
  }

  private mutating func readPairs(_ reader: inout JSONReader) throws(JSONReader.Problem) {
    guard try reader.enterObject("package_vulnerabilities") else { return }
    var count = 0
    while let id = try reader.nextKey() {
      let names = try reader.texts("package_vulnerabilities", limit: ReportLimits.vulnerabilities)
      count += names.count
      guard count <= ReportLimits.vulnerabilities else {
        throw reader.problem("more than \(ReportLimits.vulnerabilities) entries in one report")
      }
      pairs.append((id, names))
    }
  }

  private static func package(
    _ reader: inout JSONReader
  ) throws(JSONReader.Problem) -> (name: String, version: String) {
    var (name, version) = ("", "")
    guard try reader.enterObject("a package") else { return (name, version) }
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.text(key)
      case "version": version = try reader.text(key)
      default: try reader.skip()
      }
    }
    return (name, version)
  }

  private static func flaw(_ reader: inout JSONReader) throws(JSONReader.Problem) -> Flaw {
    var flaw = Flaw()
    guard try reader.enterObject("a vulnerability") else { return flaw }
    while let key = try reader.nextKey() {
      switch key {
      case "name": flaw.name = try reader.text(key)
      case "normalized_severity": flaw.severity = Severity(scanner: try reader.text(key))
      case "fixed_in_version": flaw.fixed = try reader.optionalText(key).flatMap { $0.isEmpty ? nil : $0 }
      default: try reader.skip()
      }
    }
    return flaw
  }

  /// - Returns: nil where the report names no manifest and the user no image.
  func evidence(_ source: ReportSource) -> ImageEvidence? {
    var evidence = ImageEvidence(scanner: "Clair", source: source.location)
    evidence.digests = ImageReference.digest(manifest).map { [$0] } ?? []
    evidence.names = source.image.flatMap { ImageReference($0) }.map { [$0] } ?? []
    guard !evidence.digests.isEmpty || !evidence.names.isEmpty else { return nil }
    for pair in pairs {
      let package = packages[pair.package] ?? (name: "", version: "")
      for id in pair.flaws {
        guard let flaw = flaws[id], !flaw.name.isEmpty else { continue }
        evidence.vulnerabilities.append(
          Vulnerability(
            id: Self.identifier(flaw.name), severity: flaw.severity, package: package.name,
            installed: package.version, fixed: flaw.fixed))
      }
    }
    return evidence
  }

  /// Some updaters write advisories such as `RHSA-2024:1 (CVE-2024-2)`, or a description after the id.
  private static func identifier(_ name: String) -> String {
    if let start = name.firstRange(of: "CVE-")?.lowerBound {
      let id = name[start...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
      if id.count >= 13 { return String(id) }
    }
    return String(name.prefix { $0 != " " })
  }
}
