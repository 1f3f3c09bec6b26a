import Breach
import FleetModel
import Intake
import MeshTraps
import PodSecurity
import Testing

@testable import Audit

@Suite struct RuleBookTests {
  @Test func everyCodeIsThereOnce() {
    let codes = RuleBook.all.map(\.code)
    #expect(Set(codes.map { $0.lowercased() }).count == codes.count)
    let own = OwnRule.allCases.count + IntakeCode.allCases.count + VulnerabilityCode.allCases.count
    #expect(codes.count == 109 + 28 + PodSecurityControl.all.count + own)
  }

  @Test func codesAreFoundWhateverTheirCase() {
    #expect(RuleBook.rule("l17")?.code == "L17")
    #expect(RuleBook.rule("HOSTNAMESPACES")?.code == "hostNamespaces")
    #expect(RuleBook.rule("bh-exception-001") === OwnRule.expiredException.rule)
    #expect(RuleBook.rule("bh-vuln-001")?.title == VulnerabilityCode.knownExploited.title)
    #expect(RuleBook.rule("BH-INTAKE-005")?.kind == .input)
    #expect(RuleBook.rule("L999") == nil)
  }

  @Test func everyRuleTellsWhyAndWhatToDo() {
    for rule in RuleBook.all {
      #expect(!rule.title.isEmpty && !rule.explanation.isEmpty && !rule.mitigation.isEmpty, "\(rule.code)")
    }
  }
}
