import Audit
import Diagnostics
import FleetModel
import Intake
import IntentModel
import PodSecurity
import Testing

@Suite struct AuditRunTests {
  @Test func aPrivilegedContainerIsFoundWithPlaceAndPatch() throws {
    let result = try Support.audit(Support.deployment("cart", container: Support.privileged))
    let finding = try #require(result.findings.first { $0.code == "L01" })
    #expect(finding.resource == ObjectReference(kind: "Deployment", namespace: "shop", name: "cart"))
    #expect(finding.container == "main")
    #expect(finding.severity == .critical)
    #expect(finding.location?.file == "in.yaml")
    #expect(finding.fix.contains("privileged: false"))
    #expect(finding.rule.attack.contains("T1611"))
    #expect(result.podSecurity.map(\.verdict.level) == [.privileged])
  }

  @Test func aRestrictedPodHasNoHighFindingOfItsContainer() throws {
    let result = try Support.audit(
      Support.deployment(
        "cart",
        pod: "automountServiceAccountToken: false\nsecurityContext:\n  runAsNonRoot: true\n  runAsUser: 1000",
        container: """
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
            seccompProfile: {type: RuntimeDefault}
          """))
    #expect(!result.findings.contains { $0.code.hasPrefix("L") && $0.severity >= .high })
    #expect(result.podSecurity.map(\.verdict.level) == [.restricted])
  }

  @Test func theWorstComesFirstWithinAResource() throws {
    let result = try Support.audit(
      Support.deployment("b", container: Support.privileged) + Support.deployment("a", container: Support.privileged))
    for (left, right) in zip(result.findings, result.findings.dropFirst()) {
      #expect(left.resource < right.resource || left.resource == right.resource && left.severity >= right.severity)
    }
  }

  /// The order of documents and files changes nothing but locations.
  @Test func theOrderOfTheInputDoesNotMatter() throws {
    let texts = ["d", "a", "c", "b"].map { Support.deployment($0, container: Support.privileged) }
    func keys(_ order: [Int]) throws -> [String] {
      let sources = order.map { InputSource(name: "\($0).yaml", bytes: Array(texts[$0].utf8)) }
      let read = try Intake().read(sources)
      return AuditRun.run(read.fleet, input: read.findings).findings.map { "\($0.fingerprint) \($0.message) \($0.fix)" }
    }
    let first = try keys([0, 1, 2, 3])
    for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] { #expect(try keys(order) == first) }
  }

  @Test func slicesGiveTheSameAsTheWhole() throws {
    let yaml = (0..<9).map { Support.deployment("w\($0)", container: $0 % 2 == 0 ? Support.privileged : "") }.joined()
    let read = try Support.read(yaml)
    let run = AuditRun(read.fleet)
    let whole = run.result([run.part(0..<9), run.fleetPart()], input: read.findings)
    let parts = run.result([run.fleetPart(), run.part(4..<9), run.part(0..<4)], input: read.findings)
    #expect(whole.findings.map(\.fingerprint) == parts.findings.map(\.fingerprint))
    #expect(whole.unknown.map(\.because) == parts.unknown.map(\.because))
    #expect(whole.podSecurity.map(\.resource) == parts.podSecurity.map(\.resource))
  }

  @Test func whatCannotBeDecidedIsUnknownAndNoFinding() throws {
    let result = try Support.audit(Support.deployment("cart"))
    let groups = result.unknownByRule
    #expect(!groups.isEmpty)
    for group in groups {
      #expect(!group.because.isEmpty)
      #expect(!group.resources.isEmpty)
      #expect(!result.findings.contains { $0.code == group.rule.code && group.resources.contains($0.resource) })
    }
  }

  @Test func onlyTheCodesAskedForAreLookedFor() throws {
    let result = try Support.audit(Support.deployment("cart", container: Support.privileged)) { $0.only = ["L01"] }
    #expect(Set(result.findings.map(\.code)) == ["L01"])
  }

  @Test func trapsNeedAMesh() throws {
    let yaml =
      Support.deployment("cart") + """
        apiVersion: v1
        kind: Service
        metadata: {name: cart, namespace: shop}
        spec: {selector: {app: cart}, ports: [{port: 8080, name: web}]}
        """
    let without = try Support.audit(yaml)
    #expect(!without.findings.contains { $0.code == "T8" })
    let with = try Support.audit(yaml) { $0.meshes = [.istioSidecar, .consul] }
    // Consul has a fix of its own, so that there are two.
    #expect(with.findings.count { $0.code == "T8" } == 2)
    #expect(Set(with.findings.filter { $0.code == "T8" }.map(\.fingerprint)).count == 2)
  }

  @Test func aNamespaceThatRefusesThePodsIsFound() throws {
    let namespace = """
      apiVersion: v1
      kind: Namespace
      metadata:
        name: shop
        labels: {pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/warn: strict}
      ---

      """
    let result = try Support.audit(namespace + Support.deployment("cart", container: Support.privileged))
    let refused = try #require(result.findings.first { $0.code == "BH-POD-SECURITY-001" })
    #expect(refused.message.contains("privileged"))
    #expect(refused.fix.contains("template"))
    #expect(result.findings.contains { $0.code == "BH-POD-SECURITY-002" })
    let open = try Support.audit(Support.deployment("cart", container: Support.privileged))
    #expect(!open.findings.contains { $0.code.hasPrefix("BH-POD-SECURITY") })
  }

  @Test func badInputIsAFindingOfTheAudit() throws {
    let result = try Support.audit(Support.deployment("cart") + "a: [1\n")
    let finding = try #require(result.findings.first { $0.code.hasPrefix("BH-INTAKE") })
    #expect(finding.resource.kind == "File")
    #expect(finding.location?.file == "in.yaml")
  }

  @Test(arguments: [
    (Severity?.none, ExitCode.ok), (.critical, .findings), (.high, .findings), (.info, .findings),
  ])
  func theExitCodeFollowsTheThreshold(threshold: Severity?, code: ExitCode) throws {
    let result = try Support.audit(Support.deployment("cart", container: Support.privileged))
    #expect(result.exit(failOn: threshold) == code)
  }
}
