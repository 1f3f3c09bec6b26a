import Diagnostics
import Testing

@testable import Scanners

struct VEXTests {
  private static func document(
    _ product: String, status: String = "not_affected", time: String? = nil, id: String = "CVE-2021-44228",
    components: String? = nil
  ) -> String {
    let stamp = time.map { ", \"timestamp\": \"\($0)\"" } ?? ""
    let parts = components.map { ", \"subcomponents\": [{\"@id\": \"\($0)\"}]" } ?? ""
    return """
      {"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-01-01T00:00:00Z", "statements": [
      {"vulnerability": {"name": "\(id)"}, "products": [{"@id": "\(product)"\(parts)}], "status": "\(status)",
      "justification": "component_not_present", "action_statement": "x"\(stamp)}]}
      """
  }

  /// Whether CVE-2021-44228 of log4j is suppressed in nginx:1.16.
  private static func isSuppressed(_ documents: [String]) throws -> Bool {
    let set = try EvidenceSet.read([try Support.corpus("trivy-image")] + documents.map(Support.source))
    let image = try #require(set.attached(to: Support.fleet(["web": ["nginx:1.16"]])).images.first)
    return try #require(image.vulnerabilities.first { $0.id == "CVE-2021-44228" }).suppressedBy != nil
  }

  @Test(arguments: [
    ("pkg:oci/nginx", true), ("pkg:oci/nginx@sha256%3A" + String(repeating: "a", count: 64), true),
    ("pkg:oci/nginx@sha256:" + String(repeating: "b", count: 64), false),
    ("pkg:oci/nginx?repository_url=docker.io/library/nginx", true),
    ("pkg:oci/nginx?repository_url=quay.io/nginx", false), ("pkg:oci/nginx?tag=1.16", true),
    ("pkg:oci/nginx?tag=1.17", false), ("pkg:oci/other", false), ("pkg:docker/library/nginx@1.16", true),
    ("pkg:docker/nginx@1.17", false), ("nginx:1.16", true), ("nginx:1.15", false),
    ("nginx@sha256:" + String(repeating: "a", count: 64), true), ("pkg:deb/debian/log4j", true),
    ("pkg:deb/debian/log4j@1.0-1", true), ("pkg:deb/debian/log4j@9", false), ("pkg:deb/debian/openssl", false),
    ("https://example.com/product", false), ("", false),
  ])
  func products(_ product: String, _ wanted: Bool) throws {
    #expect(try Self.isSuppressed([Self.document(product)]) == wanted)
  }

  @Test(arguments: [("pkg:deb/debian/log4j", true), ("pkg:deb/debian/openssl", false)])
  func componentsNarrowAnImage(_ component: String, _ wanted: Bool) throws {
    #expect(try Self.isSuppressed([Self.document("pkg:oci/nginx", components: component)]) == wanted)
  }

  @Test(arguments: [
    ("not_affected", true), ("fixed", true), ("affected", false), ("under_investigation", false), ("nonsense", false),
  ])
  func statuses(_ status: String, _ wanted: Bool) throws {
    #expect(try Self.isSuppressed([Self.document("pkg:oci/nginx", status: status)]) == wanted)
  }

  @Test func theLaterStatementWinsWhateverTheOrder() throws {
    let early = Self.document("pkg:oci/nginx", time: "2026-01-02T00:00:00Z")
    let late = Self.document("pkg:oci/nginx", status: "affected", time: "2026-01-02T00:30:00-01:00")
    #expect(try !Self.isSuppressed([early, late]))
    #expect(try !Self.isSuppressed([late, early]))
    let latest = Self.document("pkg:oci/nginx", time: "2026-01-03T00:00:00Z")
    #expect(try Self.isSuppressed([latest, late, early]))
    // A later statement about something else takes nothing back.
    let other = Self.document("pkg:oci/other", status: "affected", time: "2027-01-01T00:00:00Z")
    #expect(try Self.isSuppressed([early, other]))
  }

  @Test func aliasesAndCase() throws {
    #expect(try Self.isSuppressed([Self.document("pkg:oci/nginx", id: "cve-2021-44228")]))
    #expect(try !Self.isSuppressed([Self.document("pkg:oci/nginx", id: "CVE-2021-4422")]))
  }

  @Test func invalidStatementsSuppressNothing() throws {
    let text = Self.document("pkg:oci/nginx").replacing("component_not_present", with: "because")
    #expect(try !Self.isSuppressed([text]))
    #expect(try EvidenceSet.read([Support.source(text)]).findings.map(\.code) == ["BH-VULN-012"])
  }
}
