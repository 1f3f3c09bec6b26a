import Diagnostics
import Foundation
import Testing

@testable import Scanners

struct ReportTests {
  @Test func trivyImage() throws {
    let set = try Support.set("trivy-image")
    let image = try #require(set.images.first)
    #expect(set.images.count == 1 && set.findings.isEmpty)
    #expect(image.names.map(\.name) == ["docker.io/library/nginx:1.16", "registry.example.com:5000/web/nginx:v1"])
    #expect(image.digests == ["sha256:" + String(repeating: "a", count: 64)])
    #expect(
      image.vulnerabilities.map(\.id) == [
        "CVE-2021-44228", "CVE-2020-1000", "CVE-2020-1001", "CVE-2020-1002", "CVE-2020-1003",
      ])
    #expect(image.vulnerabilities.map(\.severity) == [.critical, .high, .high, .info, .critical])
    #expect(image.vulnerabilities.map(\.fixed) == ["1.0-2", nil, "1.1.1e", nil, nil])
    #expect(image.vulnerabilities[0].packageURL?.name == "log4j")
    #expect(image.vulnerabilities.map { $0.suppressedBy != nil } == [false, false, false, false, true])
  }

  @Test func trivyConfigurationHasNoVulnerabilities() throws {
    let set = try Support.set("trivy-config")
    #expect(set.images.isEmpty)
    #expect(set.checks.map(\.id) == ["KSV017"] && set.checks[0].firstLine == 12 && set.checks[0].target == "a.yaml")
    #expect(set.findings.map(\.code) == ["BH-VULN-013"])
  }

  @Test func operatorList() throws {
    let image = try #require(try Support.set("operator").images.first)
    #expect(image.names.map(\.name) == ["docker.io/library/nginx:1.16"])
    #expect(image.digests == ["sha256:" + String(repeating: "b", count: 64)])
    #expect(image.vulnerabilities.map(\.package) == ["libbsd0"])
  }

  @Test func clair() throws {
    let image = try #require(try Support.set("clair").images.first)
    #expect(image.digests == ["sha256:" + String(repeating: "c", count: 64)])
    #expect(image.vulnerabilities.map(\.id) == ["CVE-2009-5155", "CVE-2024-0001"])
    #expect(image.vulnerabilities.map(\.package) == ["apt", "openssl"])
    #expect(image.vulnerabilities.map(\.severity) == [.low, .critical])
    #expect(image.vulnerabilities.map(\.fixed) == ["2.28-0ubuntu1", nil])
  }

  @Test func openVEX() throws {
    let set = try Support.set("openvex")
    #expect(set.statements.map(\.status) == [.notAffected, .affected])
    #expect(set.statements[0].vulnerabilities.contains("GHSA-JFH8-C2JP-5V3Q"))
    // 23:59:59.5 an hour west of Greenwich is later than the document's own midnight.
    #expect(set.statements[1].moment > set.statements[0].moment)
    #expect(set.findings.map(\.code) == ["BH-VULN-012"])
  }

  @Test func knownExploited() throws {
    #expect(try Support.set("known-exploited").knownExploited == ["CVE-2021-44228", "CVE-2020-1000"])
  }

  @Test(arguments: [
    (#"{"SchemaVersion": 3, "Results": []}"#, "schema version 3"),
    (#"{"ArtifactName": "a", "Results": null}"#, "schema version none"),
    (#"[{"Target": "a"}]"#, "version 1"),
    (#"{"apiVersion": "aquasecurity.github.io/v2", "kind": "VulnerabilityReport"}"#, "v2"),
    (#"{"apiVersion": "apps/v1", "kind": "Deployment"}"#, "Deployment"),
    (#"{"apiVersion": "aquasecurity.github.io/v1alpha1", "kind": "ConfigAuditReport"}"#, "ConfigAuditReport"),
    (#"{"@context": "https://openvex.dev/ns/v9.9.9", "statements": []}"#, "v9.9.9"),
    (#"{"bomFormat": "CycloneDX"}"#, "CycloneDX"), (#"{"spdxVersion": "SPDX-2.3"}"#, "SPDX"),
    (#"{"matches": [], "descriptor": {}}"#, "Grype"), (#"{"Layer": {}}"#, "second version"), ("{}", "is not read"),
    ("", "empty"), (" \n ", "empty"), ("hello", "no JSON value"),
    (#"{"SchemaVersion": 2, "Results": [{"Target"#, "cut off"),
    (#"{"SchemaVersion": 2, "SchemaVersion": 2}"#, "twice"),
    (#"{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"Severity": "LOW", "Severity": "HIGH"}]}]}"#, "twice"),
    (#"{"SchemaVersion": 2, "Results": {}}"#, "no list"), (#"{"SchemaVersion": 2, "ArtifactName": 7}"#, "no text"),
    (#"{"SchemaVersion": 2} trailing"#, "more follows"), ("\u{1F}\u{8B}", "no JSON value"),
  ])
  func otherReportsAreRefusedWithACure(_ text: String, _ part: String) throws {
    let error = try #require(Support.error(Support.source(text)))
    #expect(error.exit == .badInput && error.message.contains(part) && !error.cure.isEmpty, "\(error)")
    #expect(error.location?.file == "report.json")
  }

  @Test func compressedReportsAreNamedSo() throws {
    let error = try #require(Support.error(ReportSource(name: "a", bytes: [0x1F, 0x8B, 8, 0])))
    #expect(error.message.contains("compressed"))
  }

  @Test func hugeReportsAreRefusedBeforeTheyAreRead() throws {
    let bytes = [UInt8](repeating: 0x20, count: ReportLimits.reportBytes + 1)
    #expect(Support.error(ReportSource(name: "a", bytes: bytes))?.message.contains("at most") == true)
  }

  @Test func tooManyVulnerabilitiesAreRefused() throws {
    let one = #"{"VulnerabilityID":"A"}"#
    let many = Array(repeating: one, count: ReportLimits.vulnerabilities + 1).joined(separator: ",")
    let text = #"{"SchemaVersion":2,"ArtifactName":"a","Results":[{"Vulnerabilities":[\#(many)]}]}"#
    #expect(Support.error(Support.source(text))?.message.contains("more than") == true)
  }

  @Test func absentResultsMeanNothingWasFound() throws {
    let text = #"{"SchemaVersion":2,"ArtifactName":"a:1","ArtifactType":"container_image","Results":null}"#
    let set = try EvidenceSet.read([Support.source(text)])
    #expect(set.images.count == 1 && set.images[0].vulnerabilities.isEmpty)
  }

  @Test func errorsNameTheLine() throws {
    let text = "{\n\"SchemaVersion\": 2,\n\"Results\": [\n}"
    #expect(Support.error(Support.source(text))?.location?.line == 4)
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("2000-03-01T00:00:00Z", 951_868_800), ("2023-01-08T18:02:03.6-06:00", 1_673_222_523),
    ("2024-02-29t23:59:60z", 1_709_251_200),
  ])
  func moments(_ text: String, _ seconds: Int) { #expect(Moment(text)?.seconds == seconds) }

  @Test(arguments: [
    "", "2024", "2024-01-01", "2024-01-01T00:00:00", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00+1:00",
  ])
  func noMoments(_ text: String) { #expect(Moment(text) == nil) }
}
