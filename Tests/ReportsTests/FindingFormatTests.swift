import Audit
import Diagnostics
import Foundation
import FoundationXML
import Reports
import Testing
import Yams

@testable import CommandLine

@Suite struct FindingFormatTests {
  private func json(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

  @Test func theDocumentKeepsItsContract() throws {
    let result = try FindingSupport.result()
    let text = FindingSupport.text(AuditDocument(result).writeJSON)
    #expect(text.hasPrefix("{\n  \"schema\": \"bulkhead.audit/1\","))
    let document = try #require(try json(text) as? [String: Any])
    let findings = try #require(document["findings"] as? [[String: Any]])
    #expect(findings.count == result.findings.count)
    for finding in findings {
      for key in ["code", "title", "severity", "message", "fix", "fingerprint"] { #expect(finding[key] is String) }
      let resource = try #require(finding["resource"] as? [String: Any])
      #expect(Set(resource.keys).isSuperset(of: ["kind", "namespace", "name"]))
    }
    let rows = try #require(document["podSecurity"] as? [[String: Any]])
    #expect(rows.compactMap { $0["level"] as? String } == ["privileged", "restricted"])
    let violations = try #require(rows[0]["violations"] as? [[String: Any]])
    let privileged = try #require(violations.first { $0["control"] as? String == "privileged" })
    #expect(privileged["containers"] as? [String] == ["server"])
    let volumes = try #require(violations.first { $0["control"] as? String == "hostPathVolumes" })
    #expect(volumes["containers"] == nil)
    #expect(document["summary"] is [String: Any])
  }

  @Test func theSameInputGivesTheSameBytes() throws {
    let first = FindingSupport.formats(try FindingSupport.result())
    let second = FindingSupport.formats(try FindingSupport.result())
    for (left, right) in zip(first, second) { #expect(left.text == right.text, "\(left.name)") }
  }

  /// The two forms say the same.
  @Test func yamlSaysWhatJSONSays() throws {
    // The reader of the test, not the format, drops a byte order mark at the beginning of a string.
    let texts = FindingSupport.hostile.filter { !$0.hasPrefix("\u{FEFF}") && $0.unicodeScalars.first?.value != 0xFEFF }
    for text in [nil] + texts.map(Optional.some) {
      let result = try text.map { try FindingSupport.hostileResult($0) } ?? FindingSupport.result()
      let fromJSON = try json(FindingSupport.text(AuditDocument(result).writeJSON))
      let yaml = FindingSupport.text(AuditDocument(result).writeYAML)
      let fromYAML = try #require(try Yams.load(yaml: yaml))
      #expect(Self.canonical(fromJSON) == Self.canonical(fromYAML), "\(String(describing: text))")
    }
  }

  private static func canonical(_ value: Any) -> String {
    switch value {
    case let map as [String: Any]:
      "{" + map.sorted { $0.key < $1.key }.map { "\($0.key)=\(canonical($0.value))" }.joined(separator: ",") + "}"
    case let list as [Any]: "[" + list.map(canonical).joined(separator: ",") + "]"
    default: "\(value)".debugDescription
    }
  }

  @Test func sarifHasWhatGitHubReads() throws {
    let result = try FindingSupport.result()
    let text = FindingSupport.text(SARIFDocument(result, version: "0.1.0", failOn: .high).write)
    let document = try #require(try json(text) as? [String: Any])
    let run = try #require((document["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.count == result.findings.count)
    let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    let rules = try #require(driver["rules"] as? [[String: Any]])
    for one in results {
      let index = try #require(one["ruleIndex"] as? Int)
      #expect(rules[index]["id"] as? String == one["ruleId"] as? String)
      let prints = try #require(one["partialFingerprints"] as? [String: String])
      #expect(prints["primaryLocationLineHash"]?.hasSuffix(":1") == true)
    }
    for rule in rules {
      let properties = try #require(rule["properties"] as? [String: Any])
      #expect((properties["tags"] as? [String])?.count ?? 99 <= 10)
      let score = try #require((properties["security-severity"] as? String).flatMap(Double.init))
      #expect((0.1...10).contains(score))
    }
    let invocation = try #require((run["invocations"] as? [[String: Any]])?.first)
    #expect(invocation["exitCode"] as? Int == 79)
  }

  /// GitHub refuses a run with more results than it takes: the worst are kept, and the rest is told.
  @Test func sarifKeepsTheWorstWithinTheLimit() throws {
    let result = try FindingSupport.result()
    let critical = result.findings.count { $0.severity == .critical }
    let text = FindingSupport.text(
      SARIFDocument(result, version: "0.1.0", failOn: .high, most: critical).write)
    let document = try #require(try json(text) as? [String: Any])
    let run = try #require((document["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.count == critical)
    #expect(results.allSatisfy { $0["level"] as? String == "error" })
    let invocation = try #require((run["invocations"] as? [[String: Any]])?.first)
    let notes = try #require(invocation["toolExecutionNotifications"] as? [[String: Any]])
    #expect(notes.count == 1)
  }

  @Test func junitCountsWhatItHas() throws {
    var result = try FindingSupport.result()
    result.findings[0].isKnown = true
    let text = FindingSupport.text(JUnitDocument(result).write)
    let counter = try XMLCounter(text)
    #expect(counter.elements["testsuite"] == 2)
    #expect(counter.elements["failure"] == result.findings.count - 1)
    #expect(counter.elements["skipped"] == 1)
    #expect(counter.attributes["testsuites.failures"] == "\(result.findings.count - 1)")
  }

  @Test func githubShowsTenOfAKind() throws {
    let result = try FindingSupport.result()
    let lines = GitHubAnnotations(result).text.split(separator: "\n")
    for kind in ["error", "warning", "notice"] { #expect(lines.count { $0.hasPrefix("::\(kind) ") } <= 10) }
    #expect(lines.last?.hasPrefix("bulkhead audit: ") == true)
    #expect(lines.dropLast().allSatisfy { $0.hasPrefix("::") })
  }

  @Test func markdownStaysWithinItsLimit() throws {
    let result = try FindingSupport.result()
    let text = MarkdownSummary(result, most: 3000).text
    #expect(text.utf8.count <= 3000)
    #expect(text.contains("left out"))
  }

  @Test(arguments: ["audit", "exceptions"]) func schemasAreJSON(name: String) throws {
    let text = name == "audit" ? AuditSchemas.audit : AuditSchemas.exceptions
    let schema = try #require(try json(text) as? [String: Any])
    #expect(schema["type"] as? String == "object")
  }

  @Test func whatPeopleReadStaysAsItIs() throws {
    let result = try FindingSupport.result { $0.only = ["L01", "L20", "K08", "L40"] }
    try FindingSupport.expectGolden(AuditTable(result, .init(width: 100)).text, "audit.txt")
    try FindingSupport.expectGolden(
      AuditTable(result, .init(colored: true, width: 80, isUnicode: false)).text, "audit-colored.txt")
    try FindingSupport.expectGolden(GitHubAnnotations(result).text, "audit-github.txt")
    try FindingSupport.expectGolden(MarkdownSummary(result).text, "audit.md")
  }
}

/// Elements by name, and attributes of the first element of each name; throws for XML that is not well-formed.
final class XMLCounter: NSObject, XMLParserDelegate {
  private(set) var elements: [String: Int] = [:]
  private(set) var attributes: [String: String] = [:]
  struct Malformed: Error {}

  init(_ text: String) throws {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    guard parser.parse() else { throw Malformed() }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements[name, default: 0] += 1
    for (key, value) in attributes where self.attributes["\(name).\(key)"] == nil {
      self.attributes["\(name).\(key)"] = value
    }
  }
}
