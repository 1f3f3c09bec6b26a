import ArgumentParser
import Audit
import Diagnostics
import FleetModel
import Foundation
import Reports
import Testing

@testable import CommandLine

@Suite struct FindingCommandTests {
  /// The example of every rule has it, as `explain` shows.
  @Test func everyExampleHasWhatItShows() throws {
    for rule in RuleBook.all where rule.kind != .input {
      let explanation = Explanation(rule)
      let manifest = try #require(explanation.manifest, "\(rule.code) has no example")
      let verdict = explanation.text.split(separator: "\n").drop { $0 != "WHAT THE AUDIT SAYS OF IT" }.dropFirst()
      let first = verdict.first ?? ""
      // The version of a GPU's toolkit is in no manifest and no fact.
      if rule.code == "L50" { continue }
      #expect(first.contains(": "), "\(rule.code): \(first)")
      #expect(!first.contains("unknown, because") && !first.contains("the example"), "\(rule.code): \(first)")
      #expect(!manifest.isEmpty)
    }
  }

  @Test func theListNamesEveryRule() {
    let text = Explanation.list(colored: false)
    for rule in RuleBook.all { #expect(text.contains(rule.code)) }
  }

  @Test(arguments: [("l1", "L01"), ("T06", "T6"), ("hostName", "hostNamespaces")])
  func aNearMissIsGuessed(code: String, meant: String) { #expect(Explanation.near(code) == meant) }

  @Test func factsOfNodesAreRead() throws {
    let facts = try NodeFactsText.parse(
      "kernel=6.1.0, runtime=containerd:1.7.2,runc=1.1.5,cgroup=2,lsm=selinux+apparmor,userns=true,metadata=false")
    #expect(facts.kernel == Version("6.1.0"))
    #expect(facts.runtime == "containerd")
    #expect(facts.runtimeVersion == Version("1.7.2"))
    #expect(facts.cgroupVersion == 2)
    #expect(facts.securityModules == ["apparmor", "selinux"])
    #expect(facts.unprivilegedUserNamespaces == true)
    #expect(facts.metadataService == false)
    #expect(try NodeFactsText.parse("lsm=none").securityModules == [])
  }

  @Test(arguments: ["kernel", "kernel=", "kernel=x", "cgroup=3", "userns=maybe", "color=red", "runtime=rkt"])
  func whatIsNoFactIsAnError(text: String) {
    #expect(throws: BulkheadError.self) { try NodeFactsText.parse(text) }
  }

  @Test func codesAreRead() throws {
    #expect(try CodeList.parse("l01,T6 bh-intake-002") == ["L01", "T6", "BH-INTAKE-002"])
    #expect(try CodeList.parse("K*").count == 21)
    for text in ["", "L999", "X*", ","] { #expect(throws: BulkheadError.self) { try CodeList.parse(text) } }
  }

  @Test(arguments: [["audit", "-f", "x", "--fail-on", "urgent"], ["audit"], ["audit", "-f", "x", "-o", "pdf"]])
  func wrongOptionsAreUsageErrors(arguments: [String]) {
    #expect(throws: (any Error).self) { try AuditCommand.parse(Array(arguments.dropFirst())) }
  }

  private func baseline(_ result: AuditResult) throws -> Baseline {
    try Baseline.read(FindingSupport.bytes(AuditDocument(result).writeJSON), name: "baseline.json")
  }

  @Test func aBaselineHidesWhatItKnowsFromTheThreshold() throws {
    let before = try FindingSupport.result()
    var same = try FindingSupport.result()
    same.compare(with: try baseline(before))
    #expect(same.exit(failOn: .info) == .ok)
    #expect(same.fixed?.isEmpty == true)
    // Other lines, the same findings.
    var moved = try FindingSupport.result("# a comment\n\n" + FindingSupport.shop)
    moved.compare(with: try baseline(before))
    #expect(moved.exit(failOn: .info) == .ok)
    var worse = try FindingSupport.result(
      FindingSupport.shop.replacingOccurrences(of: "automountServiceAccountToken: false", with: "hostPID: true"))
    worse.compare(with: try baseline(before))
    #expect(worse.exit(failOn: .high) == .findings)
    #expect(worse.counting.allSatisfy { $0.resource.name == "web" })
    var better = try FindingSupport.result(
      FindingSupport.shop.replacingOccurrences(of: "privileged: true", with: "privileged: false"))
    better.compare(with: try baseline(before))
    #expect(better.fixed?.contains { $0.code == "L01" } == true)
  }

  @Test(arguments: [
    "", "{}", "[]", "{\"schema\": \"bulkhead.plan/1\", \"findings\": []}", "{\"findings\": 3}", "\u{0}",
  ])
  func whatIsNoBaselineIsAnError(text: String) {
    #expect(throws: BulkheadError.self) { try Baseline.read(Array(text.utf8), name: "b.json") }
  }

  @Test func theDifferenceTellsNewAndFixed() throws {
    let before = try FindingSupport.result()
    let after = try FindingSupport.result(
      FindingSupport.shop.replacingOccurrences(of: "privileged: true", with: "privileged: false"))
    let difference = AuditDifference(from: before, to: after, exposure: (2.5, 1.25))
    #expect(difference.fixed.contains { $0.code == "L01" })
    #expect(difference.unchanged + difference.new.count == after.findings.count)
    #expect(DifferenceTable(difference).text.contains("exposure 2.5 -> 1.25 (-1.25)"))
    #expect(AuditDifference(from: before, to: before).isEmpty)
    let text = FindingSupport.text(DifferenceDocument(difference).writeJSON)
    #expect(text.hasPrefix("{\n  \"schema\": \"bulkhead.diff/1\","))
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
  }
}
