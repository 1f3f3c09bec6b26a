import Diagnostics

/// The Trivy operator's `VulnerabilityReport`, aquasecurity.github.io/v1alpha1.
struct OperatorReport {
  private var kind = ""
  private var server = ""
  private var repository = ""
  private var tag = ""
  private var digest = ""
  private var vulnerabilities: [Vulnerability] = []

  /// - Parameter source: where the report came from.
  /// - Returns: the reports of a list, or the single one; objects of other kinds are passed over.
  static func read(
    _ reader: inout JSONReader, isList: Bool, source: ReportSource
  ) throws(JSONReader.Problem) -> [ImageEvidence] {
    var found: [ImageEvidence] = []
    if isList {
      _ = try reader.enterObject("the list")
      while let key = try reader.nextKey() {
        guard key == "items" else {
          try reader.skip()
          continue
        }
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() {
          if let evidence = try OperatorReport(&reader).evidence(source) { found.append(evidence) }
          guard found.count <= ReportLimits.images else {
            throw reader.problem("more than \(ReportLimits.images) reports in one file")
          }
        }
      }
    } else if let evidence = try OperatorReport(&reader).evidence(source) {
      found.append(evidence)
    }
    try reader.finish()
    return found
  }

  private init(_ reader: inout JSONReader) throws(JSONReader.Problem) {
    guard try reader.enterObject("a report") else { return }
    while let key = try reader.nextKey() {
      switch key {
      case "kind": kind = try reader.text(key)
      case "report":
        // Objects of other kinds may have a 'report' of another form.
        guard try reader.peek() == .object else {
          try reader.skip()
          continue
        }
        try report(&reader)
      default: try reader.skip()
      }
    }
  }

  private mutating func report(_ reader: inout JSONReader) throws(JSONReader.Problem) {
    guard try reader.enterObject("report") else { return }
    while let key = try reader.nextKey() {
      switch key {
      case "artifact":
        guard try reader.enterObject(key) else { continue }
        while let inner = try reader.nextKey() {
          switch inner {
          case "repository": repository = try reader.text(inner)
          case "tag": tag = try reader.text(inner)
          case "digest": digest = try reader.text(inner)
          default: try reader.skip()
          }
        }
      case "registry":
        guard try reader.enterObject(key) else { continue }
        while let inner = try reader.nextKey() {
          if inner == "server" { server = try reader.text(inner) } else { try reader.skip() }
        }
      case "vulnerabilities":
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() {
          if let found = try Self.vulnerability(&reader) { vulnerabilities.append(found) }
          guard vulnerabilities.count <= ReportLimits.vulnerabilities else {
            throw reader.problem("more than \(ReportLimits.vulnerabilities) entries in one report")
          }
        }
      default: try reader.skip()
      }
    }
  }

  private static func vulnerability(_ reader: inout JSONReader) throws(JSONReader.Problem) -> Vulnerability? {
    var found = Vulnerability(id: "", severity: .info, package: "", installed: "")
    guard try reader.enterObject("a vulnerability") else { return nil }
    while let key = try reader.nextKey() {
      switch key {
      case "vulnerabilityID": found.id = try reader.text(key)
      case "resource": found.package = try reader.text(key)
      case "installedVersion": found.installed = try reader.text(key)
      case "fixedVersion": found.fixed = try reader.optionalText(key).flatMap { $0.isEmpty ? nil : $0 }
      case "severity": found.severity = Severity(scanner: try reader.text(key))
      case "packagePURL", "pkgPURL":
        found.packageURL = try reader.optionalText(key).flatMap { PackageURL($0) }
      default: try reader.skip()
      }
    }
    return found.id.isEmpty ? nil : found
  }

  private func evidence(_ source: ReportSource) -> ImageEvidence? {
    guard kind.hasSuffix("VulnerabilityReport"), !repository.isEmpty else { return nil }
    var evidence = ImageEvidence(scanner: "Trivy operator", source: source.location)
    let place = server.isEmpty ? repository : "\(server)/\(repository)"
    if let digest = ImageReference.digest(digest) { evidence.digests = [digest] }
    let written = source.image ?? (tag.isEmpty ? place : "\(place):\(tag)")
    if !tag.isEmpty || source.image != nil || evidence.digests.isEmpty, let name = ImageReference(written) {
      evidence.names = [name]
    }
    evidence.vulnerabilities = vulnerabilities
    return evidence
  }
}
