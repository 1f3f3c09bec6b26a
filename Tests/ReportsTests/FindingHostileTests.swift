import Audit
import Diagnostics
import Foundation
import Reports
import Testing

@testable import CommandLine
@testable import Reports

@Suite struct FindingHostileTests {
  /// Nothing steers a terminal, reorders text, is a command to a runner or means something in HTML.
  @Test(arguments: FindingSupport.hostile) func hostileTextIsInertInEveryFormat(text: String) throws {
    let result = try FindingSupport.hostileResult(text)
    for (name, output) in FindingSupport.formats(result) {
      let bad = output.unicodeScalars.first { $0 != "\n" && $0.isSteering }
      #expect(bad == nil, "\(name): U+\(String(bad?.value ?? 0, radix: 16))")
      for line in output.split(separator: "\n") {
        let rest = line.drop { $0 == " " }
        let isOurs = ["::error file=", "::warning file=", "::notice file="].contains { line.hasPrefix($0) }
        #expect(!rest.hasPrefix("::") || name == "github" && isOurs, "\(name): \(line)")
      }
      if name != "table" && name != "github" {
        for tag in ["<script", "<x/>", "<!--"] {
          // Inside a fence of Markdown nothing is HTML.
          #expect(name == "markdown" || !output.contains(tag), "\(name): \(tag)")
        }
      }
    }
    #expect(throws: Never.self) { try XMLCounter(FindingSupport.text(JUnitDocument(result).write)) }
    let json = FindingSupport.text(AuditDocument(result).writeJSON)
    let document = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let findings = try #require(document?["findings"] as? [[String: Any]])
    // JSON escapes and loses nothing.
    #expect(findings.first?["message"] as? String == text)
    let lines = GitHubAnnotations(result).text.split(separator: "\n")
    #expect(lines.count == result.findings.count + 1)
  }

  static let cases: [(text: String, xml: String, markdown: String, message: String, property: String)] = [
    ("plain text", "plain text", "plain text", "plain text", "plain text"),
    ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&apos;", "a&#60;b&#62;&#38;&#34;'", "a<b>&\"'", "a<b>&\"'"),
    ("50%,a:b", "50%,a:b", "50%,a&#58;b", "50%25,a:b", "50%25%2Ca%3Ab"),
    ("a\nb", "a&#10;b", "a b", "a%0Ab", "a%0Ab"),
    ("a\rb", "a\u{FFFD}b", "a\u{FFFD}b", "a%0Db", "a%0Db"),
    ("\u{1B}[0m", "\u{FFFD}[0m", "\u{FFFD}&#91;0m", "\u{FFFD}[0m", "\u{FFFD}[0m"),
    ("www.x", "www.x", "www&#46;x", "www.x", "www.x"), ("é漢", "é漢", "é漢", "é漢", "é漢"),
  ]

  @Test(arguments: cases.indices) func eachHelperEscapesWhatItsFormatNeeds(index: Int) {
    let expected = Self.cases[index]
    #expect(InertText.xml(expected.text) == expected.xml)
    #expect(InertText.markdown(expected.text) == expected.markdown)
    #expect(InertText.githubMessage(expected.text) == expected.message)
    #expect(InertText.githubProperty(expected.text) == expected.property)
  }

  @Test func aFenceIsLongerThanWhatItHolds() {
    let code = InertText.markdownCode("a\n`````\n::error::x\n##[x]", language: "yaml")
    #expect(code == "``````yaml\na\n`````\n: :error::x\n# #[x]\n``````\n")
  }

  @Test(arguments: [
    ("a b.yaml", "a%20b.yaml"), ("../x", "../x"), ("é", "%C3%A9"), ("a:b", "a%3Ab"), ("a%b", "a%25b"), ("<>", "%3C%3E"),
  ])
  func pathsBecomeReferences(path: String, uri: String) { #expect(InertText.uriPath(path) == uri) }

  @Test func hostileManifestsAreInertFromEndToEnd() throws {
    for text in FindingSupport.hostile {
      // A JSON document can carry any text in a name; YAML's quoting reads it back.
      let list = try JSONSerialization.data(withJSONObject: [text])
      let name = String(decoding: list, as: UTF8.self).dropFirst().dropLast()
      let yaml = """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": \(name), "labels": {"app": \(name)}},
         "spec": {"hostPID": true, "containers": [{"name": \(name), "image": \(name),
          "securityContext": {"privileged": true}}], "volumes": [{"name": \(name), "hostPath": {"path": \(name)}}]}}
        """
      guard let result = try? FindingSupport.result(yaml) else { continue }
      for (format, output) in FindingSupport.formats(result) {
        #expect(!output.unicodeScalars.contains { $0 != "\n" && $0.isSteering }, "\(format): \(text.debugDescription)")
        let commands = output.split(separator: "\n").filter { line in
          line.drop { $0 == " " }.hasPrefix("::")
            && !["::error file=", "::warning file=", "::notice file="].contains { line.hasPrefix($0) }
        }
        #expect(commands.isEmpty, "\(format)")
      }
    }
  }
}
