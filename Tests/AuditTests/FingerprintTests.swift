import Audit
import Diagnostics
import FleetModel
import Testing

@testable import Audit

@Suite struct FingerprintTests {
  static let rule = AuditRule(
    code: "L01", title: "t", severity: .high, kind: .vector, explanation: "", mitigation: "")

  static func finding(
    name: String = "cart", container: String? = "main", message: String = "m", fix: String = "spec:\n- name: main",
    line: Int = 1, file: String = "a.yaml"
  ) -> AuditFinding {
    AuditFinding(
      rule, resource: ObjectReference(kind: "Pod", namespace: "shop", name: name), container: container,
      message: message, fix: fix, location: SourceLocation(file: file, line: line))
  }

  @Test func itIsSixtyFourHexadecimalDigits() {
    let text = Self.finding().fingerprint
    #expect(text.utf8.count == 64)
    #expect(text.allSatisfy { $0.isHexDigit && !$0.isUppercase })
  }

  /// Computed by another program: printf 'bulkhead/1\0L01\0Pod\0shop\0cart\0main\0name: main\n' | sha256sum
  @Test func itIsTheDigestThatItClaims() {
    #expect(Self.finding().fingerprint == "614a445bda601b696b242758308260e0d3017e1648f261aa85963ae7e465194e")
  }

  @Test func linesFilesAndWordsDoNotChangeIt() {
    let first = Self.finding().fingerprint
    #expect(Self.finding(line: 99).fingerprint == first)
    #expect(Self.finding(file: "b.yaml").fingerprint == first)
    #expect(Self.finding(message: "other words").fingerprint == first)
    #expect(Self.finding(fix: "# said otherwise\nspec:\n- name: main\n  privileged: false").fingerprint == first)
  }

  @Test func everythingThatTellsFindingsApartChangesIt() {
    let all = [
      Self.finding(), Self.finding(name: "cart2"), Self.finding(container: nil), Self.finding(container: "other"),
      Self.finding(fix: "volumes:\n- name: host"), Self.finding(fix: "kubectl delete rolebinding a"),
      Self.finding(fix: "kubectl delete rolebinding b"), Self.finding(fix: "ports:\n- port: 80"),
    ]
    #expect(Set(all.map(\.fingerprint)).count == all.count)
  }

  @Test func alikeOnesAreNumbered() {
    var findings = [Self.finding(message: "a"), Self.finding(message: "b"), Self.finding(message: "c")]
    findings.numberAlike()
    #expect(Set(findings.map(\.fingerprint)).count == 3)
    #expect(findings[0].fingerprint == Self.finding().fingerprint)
  }
}
