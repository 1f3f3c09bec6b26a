package import Diagnostics

/// What one report says of one image.
package struct ImageEvidence: Sendable, Equatable {
  /// The names under which it was scanned.
  package var names: [ImageReference] = []
  /// Digests of its manifest, `sha256:…`, lower case.
  package var digests: [String] = []
  package var vulnerabilities: [Vulnerability] = []
  /// `Trivy`, `Trivy operator` or `Clair`.
  package var scanner: String
  package var source: SourceLocation

  package init(scanner: String, source: SourceLocation) {
    self.scanner = scanner
    self.source = source
  }
}

/// A known flaw in a package of an image.
package struct Vulnerability: Sendable, Equatable {
  /// Such as `CVE-2021-44228` or `GHSA-jfh8-c2jp-5v3q`.
  package var id: String
  /// `.info` where the scanner does not know it.
  package var severity: Severity
  package var package: String
  package var installed: String
  /// The versions that no longer have it; nil where none is known.
  package var fixed: String?
  package var packageURL: PackageURL?
  /// It has been used in real attacks, as a catalogue says.
  package var knownExploited = false
  /// Why it does not count here, and who says so.
  package var suppressedBy: String?

  package init(
    id: String, severity: Severity, package: String, installed: String, fixed: String? = nil,
    packageURL: PackageURL? = nil, knownExploited: Bool = false, suppressedBy: String? = nil
  ) {
    self.id = id
    self.severity = severity
    self.package = package
    self.installed = installed
    self.fixed = fixed
    self.packageURL = packageURL
    self.knownExploited = knownExploited
    self.suppressedBy = suppressedBy
  }
}

/// A configuration check that a scanner ran over a manifest: kept for comparison only, `audit` decides them itself.
package struct ConfigurationCheck: Sendable, Equatable {
  package var id: String
  package var severity: Severity
  package var passed: Bool
  package var message: String
  package var target: String
  package var firstLine: Int
}

extension Severity {
  /// The words of Trivy and of Clair's `normalized_severity`, in any case; `.info` for others.
  init(scanner word: String) {
    switch word.lowercased() {
    case "critical", "defcon1": self = .critical
    case "high": self = .high
    case "medium": self = .medium
    case "low", "negligible": self = .low
    default: self = .info
    }
  }
}
