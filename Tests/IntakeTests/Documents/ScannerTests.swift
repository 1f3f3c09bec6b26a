import Diagnostics
import Testing

@testable import Intake

/// What the scanner reads and what it leaves to Yams, case by case.
struct ScannerTests {
  private func tree(_ text: String) -> DocumentTree? {
    ManifestScanner.tree(of: RawDocument(bytes: Array(text.utf8)[...], line: 1))
  }

  /// Manifests are written like this: the scanner must not need Yams for any.
  @Test(arguments: [
    "a: b\n", "a: b", "---\na: b\n", "--- # c\na: b\n", "# c\n\na:\n  b: c\n", "a:\n- b\n- c: d\n  e: f\nf: g\n",
    "a:\n  - b\n  -\n    c: d\n  -\n", "- - a\n  - b\n", "a: [b, 'c', \"d\", {e: f}]\n", "a: {}\nb: []\n",
    "{\"a\": {\"b\": [1, 2.5, true, null]}}", "[\n\t1,\n\t{\"a\":\"b\"}\n]\n", "a: |\n  x\n   y\n\n  z\nb: c\n",
    "a: >-\n  x\n  y\n\nb: c\n", "a: |+\n\n  x\n\n\n", "a: |2\n   x\n", "a: 'it''s'\n", "a: \"x\\n\\u00e9\\t\\\"\"\n",
    "a: \"x\n  y\n\n  z\"\n", "a: x\n  y\n\n  z\nb: c\n", "a: b # c\n", "a: b#c\n", "a: http://x:80/y?z=1\n",
    "\"a\": b\n'c' : d\n", "a:\nb:\n", "a: :8080\n", "a: -x\n", "é: ü\n", "a: b\r\nc:\r\n- d\r\n",
    "- :8080\n- --x=y\n",
    "a b: c d\n", "text\n", "'text'\n", "|\n text\n", "a: -b\n", "a:\n  \"x\"\n", "a:\n  |\n    x\n",
    "a: {b: c,\nd: e}\n", "a: [b,]\n",
  ])
  func reads(_ text: String) throws {
    var comparison = ScannerAgainstYams()
    #expect(comparison.difference(Array(text.utf8)) == nil)
    #expect(comparison.read == 1 && comparison.declined == 0, "declined: \(text)")
  }

  @Test(arguments: [
    "a: &x b\n", "a: *x\n", "a: !!str 5\n", "<<: {a: b}\n", "{<<: {a: b}}\n", "? a\n: b\n", "[a]: b\n",
    "a:\n\tb: c\n",
    "%YAML 1.1\n---\na: b\n", "a: 1\na: 2\n", "{a: 1, \"a\": 2}\n", "a: b: c\n", "a: b\n c: d\n", "a: 'x\n",
    "a: [b\n",
    "a: @b\n", "a\nb: c\n", "- a\nb: c\n", "a: b\n- c\n", "a: \"\\q\"\n", "a: \"\\ud800\"\n", "a: \"\\ufeff\"\n",
    "a: b\u{85}c\n", "a: b\u{2028}c\n", "a: \u{FEFF}b\n", "a: b\rc\n", "{a}\n", "{a: }\n", "[a: b]\n", "[a,,b]\n",
    "[,]\n",
    "a: |x\n", "a: |\n\tx\n", "a: |0\n x\n", "", "# c\n", "--- a\n", "a: 'x' y\n", "a: [b]c\n", "a: [b]#c\n",
    "a: \"b\"#c\n",
    "'a\n b': c\n", "a: {b\n: c}\n", "é: 1\ne\u{301}: 2\n",
  ])
  func leavesToYams(_ text: String) {
    #expect(tree(text) == nil, "read: \(text)")
  }

  @Test func limitsAreYamss() {
    // The document, the list and so on down to the text are 128 levels.
    let deep = String(repeating: "[", count: 127) + "a" + String(repeating: "]", count: 127)
    #expect(tree(deep) != nil && tree("[" + deep + "]") == nil)
    #expect(tree("{" + String(repeating: "k", count: 1100) + ": a}") == nil)
    #expect(tree(String(repeating: "k", count: 1100) + ": a") == nil)
    #expect(tree("[" + String(repeating: "a,", count: 1_000_001) + "]") == nil)
  }

  @Test func manyKeysAreComparedInLinearTime() {
    let keys = (0..<100_000).map { "key\($0): a\n" }.joined()
    #expect(tree(keys)?.nodes.count == 200_001)
    #expect(tree(keys + "key99999: b\n") == nil)
  }

  @Test func pathsAreFoundFromTheTree() throws {
    let text = "spec:\n  containers:\n  - name: a\n  - {name: [b]}\n"
    let raw = RawDocument(bytes: Array(text.utf8)[...], line: 5)
    let root = Field(try ParsedDocument(raw), file: "f")
    let second = try #require(root["spec"]?["containers"]?.elements.last)
    let name = try #require(second["name"])
    #expect("\(name.path)" == "spec.containers[1].name" && "\(root.path)".isEmpty)
    #expect(name.location == SourceLocation(file: "f", line: 8))
    #expect(name.string == nil && root.log.findings.first?.message.contains("spec.containers[1].name") == true)
  }
}
