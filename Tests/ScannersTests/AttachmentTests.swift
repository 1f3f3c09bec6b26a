import Diagnostics
import FleetModel
import Testing

@testable import Scanners

struct AttachmentTests {
  private static let digest = "sha256:" + String(repeating: "a", count: 64)

  @Test(arguments: [
    ("nginx:1.16", true), ("docker.io/library/nginx:1.16", true), ("registry.example.com:5000/web/nginx:v1", true),
    ("nginx@" + digest, true), ("mirror.example.com/nginx:x@" + digest, true), ("nginx:1.17", false), ("nginx", false),
    ("nginx:1.16@sha256:" + String(repeating: "e", count: 64), false), ("", false), ("not an image", false),
  ])
  func byDigestAndName(_ image: String, _ wanted: Bool) throws {
    let attached = try Support.set("trivy-image").attached(to: Support.fleet(["web": [image]]))
    #expect((attached.chance[Support.id("web")] != nil) == wanted)
    #expect(attached.images.isEmpty != wanted)
  }

  @Test func findingsByClass() throws {
    let fleet = Support.fleet(["api": ["nginx:1.16", "other:1"], "web": ["nginx:1.16"]])
    let findings = try Support.set("trivy-image").attached(to: fleet).findings
    #expect(findings.map(\.code) == ["BH-VULN-002", "BH-VULN-003", "BH-VULN-006", "BH-VULN-011"])
    #expect(findings[1].resource == "shop/api[Deployment]" && findings[1].location?.file == "api.yaml")
    // What can be fixed stands first.
    #expect(findings[1].message.contains("has 2 flaw(s) of high severity in 1 package(s): CVE-2020-1001"))
    #expect(findings[1].message.contains("shop/web[Deployment]"))
    #expect(findings[1].fix.contains("openssl to 1.1.1e"))
    #expect(findings[0].message.contains("1 more do not count"))
    #expect(findings[3].message.contains("other:1"))
  }

  @Test func knownExploitedFlawsAreACLassOfTheirOwn() throws {
    let fleet = Support.fleet(["web": ["nginx:1.16"]])
    let without = try Support.set("trivy-image").attached(to: fleet)
    let with = try Support.set("trivy-image", "known-exploited").attached(to: fleet)
    #expect(with.findings.map(\.code) == ["BH-VULN-001", "BH-VULN-006", "BH-VULN-003"].sorted())
    let (less, more) = (without.chance[Support.id("web")] ?? 0, with.chance[Support.id("web")] ?? 0)
    #expect(abs(less - (1 - 0.9 * 0.95 * 0.995 * 0.995)) < 1e-12)
    #expect(abs(more - (1 - 0.9 * 0.5 * 0.5 * 0.995)) < 1e-12)
  }

  @Test func eachContainerCountsAndNothingIsCertain() throws {
    let set = try Support.set("trivy-image", "known-exploited")
    let one = set.attached(to: Support.fleet(["web": ["nginx:1.16"]])).chance[Support.id("web")] ?? 0
    let two = set.attached(to: Support.fleet(["web": ["nginx:1.16", "nginx:1.16"]])).chance[Support.id("web")] ?? 0
    let many = set.attached(to: Support.fleet(["web": Array(repeating: "nginx:1.16", count: 20)]))
    #expect(one < two && two < FallChance.ceiling && many.chance[Support.id("web")] == FallChance.ceiling)
  }

  @Test func withoutReportsNothingIsSaid() {
    let attached = EvidenceSet().attached(to: Support.fleet(["web": ["nginx:1.16"]]))
    #expect(attached.chance.isEmpty && attached.findings.isEmpty)
  }

  @Test func cleanImagesKeepTheBase() throws {
    let text = #"{"SchemaVersion":2,"ArtifactName":"a:1","ArtifactType":"container_image"}"#
    let set = try EvidenceSet.read([Support.source(text)])
    let attached = set.attached(to: Support.fleet(["web": ["a:1"]]))
    #expect(abs((attached.chance[Support.id("web")] ?? 0) - FallChance.base) < 1e-12 && attached.findings.isEmpty)
  }

  @Test func reportsOfOtherImagesAndBuildsAreTold() throws {
    let set = try Support.set("trivy-image", "clair")
    let other = "nginx:1.16@sha256:" + String(repeating: "e", count: 64)
    let findings = set.attached(to: Support.fleet(["web": [other]])).findings
    #expect(findings.map(\.code) == ["BH-VULN-010", "BH-VULN-014"])
    #expect(set.missingDigests(in: Support.fleet(["web": [other]])) == ["sha256:" + String(repeating: "e", count: 64)])
  }

  @Test func severalReportsAreMerged() throws {
    let set = try Support.set("trivy-image", "trivy-image", "operator")
    let attached = set.attached(to: Support.fleet(["web": ["nginx:1.16"]]))
    #expect(attached.images.first?.vulnerabilities.count == 6)
  }

  @Test func theOrderOfReportsDoesNotMatter() throws {
    let fleet = Support.fleet(["api": ["nginx:1.16"], "web": ["nginx:1.16", "b:1"]])
    let one = try Support.set("trivy-image", "operator", "openvex", "known-exploited", "clair").attached(to: fleet)
    let two = try Support.set("clair", "known-exploited", "openvex", "operator", "trivy-image").attached(to: fleet)
    #expect(one.findings == two.findings && one.chance == two.chance)
  }

  @Test func sidecarsCountAndInitContainersDoNot() throws {
    var fleet = Support.fleet(["web": ["a:1"]])
    var first = Container(name: "init", location: SourceLocation(file: "a", line: 1))
    first.image = "nginx:1.16"
    fleet.workloads[0].pod.initContainers = [first]
    #expect(try Support.set("trivy-image").attached(to: fleet).chance.isEmpty)
    fleet.workloads[0].pod.initContainers[0].restartPolicy = "Always"
    #expect(try Support.set("trivy-image").attached(to: fleet).chance.count == 1)
  }
}
