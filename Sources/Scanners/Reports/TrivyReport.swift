import Diagnostics

/// Trivy's JSON, schema version 2 (`pkg/types/report.go`): images, file systems and configuration.
struct TrivyReport {
  var artifact = ""
  var artifactType = ""
  var imageNames: [String] = []
  var repoDigests: [String] = []
  var vulnerabilities: [Vulnerability] = []
  var checks: [ConfigurationCheck] = []

  private struct Entry {
    var target = ""
    var vulnerabilities: [Vulnerability] = []
    var checks: [ConfigurationCheck] = []
  }

  init(_ reader: inout JSONReader) throws(JSONReader.Problem) {
    _ = try reader.enterObject("the report")
    while let key = try reader.nextKey() {
      switch key {
      case "ArtifactName": artifact = try reader.text(key)
      case "ArtifactType": artifactType = try reader.text(key)
      case "Metadata": try metadata(&reader)
      case "Results":
        // Absent or null: nothing was found.
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() { try result(&reader) }
      default: try reader.skip()
      }
    }
    try reader.finish()
  }

  private mutating func metadata(_ reader: inout JSONReader) throws(JSONReader.Problem) {
    guard try reader.enterObject("Metadata") else { return }
    while let key = try reader.nextKey() {
      switch key {
      case "RepoTags": imageNames = try reader.texts(key, limit: ReportLimits.names)
      case "RepoDigests": repoDigests = try reader.texts(key, limit: ReportLimits.names)
      default: try reader.skip()
      }
    }
  }

  private mutating func result(_ reader: inout JSONReader) throws(JSONReader.Problem) {
    var entry = Entry()
    guard try reader.enterObject("a result") else { return }
    while let key = try reader.nextKey() {
      switch key {
      case "Target": entry.target = try reader.text(key)
      case "Vulnerabilities":
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() {
          if let found = try Self.vulnerability(&reader) { entry.vulnerabilities.append(found) }
          try checkCount(entry, reader)
        }
      case "ExperimentalModifiedFindings":
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() {
          if let found = try Self.modified(&reader) { entry.vulnerabilities.append(found) }
          try checkCount(entry, reader)
        }
      case "Misconfigurations":
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() {
          if let check = try Self.check(&reader) { entry.checks.append(check) }
          try checkCount(entry, reader)
        }
      default: try reader.skip()
      }
    }
    vulnerabilities += entry.vulnerabilities
    checks += entry.checks.map {
      var check = $0
      check.target = entry.target
      return check
    }
  }

  private func checkCount(_ entry: Entry, _ reader: JSONReader) throws(JSONReader.Problem) {
    let count = vulnerabilities.count + checks.count + entry.vulnerabilities.count + entry.checks.count
    guard count <= ReportLimits.vulnerabilities else {
      throw reader.problem("more than \(ReportLimits.vulnerabilities) entries in one report")
    }
  }

  /// An entry without an id is no vulnerability.
  static func vulnerability(_ reader: inout JSONReader) throws(JSONReader.Problem) -> Vulnerability? {
    var found = Vulnerability(id: "", severity: .info, package: "", installed: "")
    guard try reader.enterObject("a vulnerability") else { return nil }
    while let key = try reader.nextKey() {
      switch key {
      case "VulnerabilityID": found.id = try reader.text(key)
      case "PkgName": found.package = try reader.text(key)
      case "InstalledVersion": found.installed = try reader.text(key)
      case "FixedVersion": found.fixed = try reader.optionalText(key).flatMap { $0.isEmpty ? nil : $0 }
      case "Severity": found.severity = Severity(scanner: try reader.text(key))
      case "PkgIdentifier":
        guard try reader.enterObject(key) else { continue }
        while let inner = try reader.nextKey() {
          if inner == "PURL" { found.packageURL = PackageURL(try reader.text(inner)) } else { try reader.skip() }
        }
      default: try reader.skip()
      }
    }
    return found.id.isEmpty ? nil : found
  }

  /// What Trivy itself left out because of a VEX document or an ignore file.
  private static func modified(_ reader: inout JSONReader) throws(JSONReader.Problem) -> Vulnerability? {
    var (type, status, source) = ("", "", "")
    var found: Vulnerability?
    // The finding's form depends on the type, which may stand after it: its place is kept.
    guard try reader.enterObject("a modified finding") else { return nil }
    var finding: JSONReader?
    while let key = try reader.nextKey() {
      switch key {
      case "Type": type = try reader.text(key)
      case "Status": status = try reader.text(key)
      case "Source": source = try reader.text(key)
      case "Finding":
        finding = reader
        try reader.skip()
      default: try reader.skip()
      }
    }
    if type == "vulnerability", var finding {
      found = try vulnerability(&finding)
      found?.suppressedBy = "\(status.isEmpty ? "ignored" : status), \(source.isEmpty ? "as Trivy was told" : source)"
    }
    return found
  }

  private static func check(_ reader: inout JSONReader) throws(JSONReader.Problem) -> ConfigurationCheck? {
    var found = ConfigurationCheck(id: "", severity: .info, passed: false, message: "", target: "", firstLine: 0)
    guard try reader.enterObject("a misconfiguration") else { return nil }
    while let key = try reader.nextKey() {
      switch key {
      case "ID": found.id = try reader.text(key)
      case "Severity": found.severity = Severity(scanner: try reader.text(key))
      case "Status": found.passed = try reader.text(key) == "PASS"
      case "Message": found.message = try reader.text(key)
      case "CauseMetadata":
        guard try reader.enterObject(key) else { continue }
        while let inner = try reader.nextKey() {
          if inner == "StartLine" { found.firstLine = try reader.integer(inner) ?? 0 } else { try reader.skip() }
        }
      default: try reader.skip()
      }
    }
    return found.id.isEmpty ? nil : found
  }

  /// The image that was scanned; nil for folders, repositories and the like, and for reports without an image's name.
  func evidence(_ source: ReportSource) -> ImageEvidence? {
    guard artifactType == "container_image" || artifactType.isEmpty || source.image != nil else { return nil }
    var evidence = ImageEvidence(scanner: "Trivy", source: source.location)
    let written = [source.image ?? artifact] + (source.image == nil ? imageNames : [])
    for name in written.compactMap({ ImageReference($0) }) where !evidence.names.contains(name) {
      evidence.names.append(name)
    }
    let digests = evidence.names.compactMap(\.digest) + repoDigests.compactMap { ImageReference($0)?.digest }
    evidence.digests = Array(Set(digests)).sorted()
    evidence.vulnerabilities = vulnerabilities
    return evidence.names.isEmpty && evidence.digests.isEmpty ? nil : evidence
  }
}
