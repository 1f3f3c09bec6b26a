import Diagnostics
import FleetModel
import Foundation
import Intake
import Testing

struct BadInputTests {
  @Test(arguments: [
    ("", 0, "no Kubernetes object"), ("\n# nothing\n---\n---\n", 0, "no Kubernetes object"),
    ("kind: Pod\nname: a\0b", 2, "NUL"), ("kind: Pod\n\u{1}", 2, "control character"),
    ("kind: Pod\nmetadata: {name: \"abc\n", 3, "end of stream"), ("a: 1\na: 2\n", 1, "twice"),
    ("- a\n- b\n", 1, "no Kubernetes object"), ("just text\n", 1, "no Kubernetes object"),
    ("a: b\n\tc: d\n", 2, "tab character"),
    ("metadata: {}\n", 1, "no 'kind'"), ("a: *b\n", 1, "undefined alias"), ("a: &x [*x]\n", 1, "undefined alias"),
    ("a: }\n", 1, "did not find expected"), ("kind: Pod\n---\n- x: [\n", 1, "no metadata.name"),
  ])
  func oneClearMessageWithItsLine(_ text: String, _ line: Int, _ message: String) throws {
    let error = try #require(Support.error(Array(text.utf8)))
    #expect(error.exit == .badInput)
    #expect(error.message.contains(message) && !error.cure.isEmpty)
    #expect((error.location?.line ?? 0) == line)
  }

  @Test func otherEncodingsAreNamed() throws {
    let text = "kind: Pod\nmetadata: {name: a}\n"
    for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian] {
      let data = try #require(text.data(using: encoding))
      let error = try #require(Support.error(Array(data)))
      #expect(error.message.contains("UTF-16"))
    }
    let latin = try #require(Support.error(Array("a: 1\nb: ".utf8) + [0xE9, 0x0A]))
    #expect(latin.location?.line == 2 && latin.message.contains("UTF-8"))
    #expect(Support.error([0xEF, 0xBB, 0xBF] + Array(Support.service("a").utf8)) == nil)
  }

  static let bomb = (1..<12).reduce("a0: &a0 [x,x,x,x,x,x,x,x,x]\n") { text, level in
    text + "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
  }
  static let chain = (1..<100_000).reduce(into: "a0: &a0 [x]\n") { $0 += "a\($1): &a\($1) [*a\($1 - 1)]\n" }

  private static let beyondLimits = [
    ("bytes", "a: \"" + String(repeating: "x", count: 10_000_001) + "\"", "bytes"),
    ("alias bomb", bomb, "nodes"), ("alias chain", chain, "too many to expand"),
    ("bomb in a key", bomb + "? *a11\n: x\n", "mapping key"),
    ("bomb in a nested key", bomb + "z: {[*a11]: x}\n", "mapping key"),
    ("flow", "a: " + String(repeating: "[", count: 1_000_000), "nested"),
    ("closed flow", "a: " + String(repeating: "[", count: 129) + String(repeating: "]", count: 129), "nested"),
    ("block", (0..<200).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"), "nested"),
    ("dashes", String(repeating: "- ", count: 100_000), "nested"),
    ("width", "a: [" + String(repeating: "a,", count: 1_000_001) + "]", "nodes"),
    ("width behind an apostrophe", "a: b\n  'tis\nc: [" + String(repeating: "a,", count: 1_000_001) + "]", "nodes"),
    ("documents", String(repeating: "---\na\n", count: 200_001), "documents"),
    ("JSON documents", String(repeating: "{}", count: 200_001), "documents"),
  ]

  // By number: the texts are too long to be printed as a test's arguments.
  @Test(arguments: beyondLimits.indices) func limitsHold(_ number: Int) throws {
    let (name, text, message) = Self.beyondLimits[number]
    let error = try #require(Support.error(Array(text.utf8)), "\(name)")
    #expect(error.exit == .badInput && error.message.contains(message), "\(name): \(error.message)")
  }

  @Test func nestingOf128IsAllowed() throws {
    // The document and the key are two levels of their own.
    let levels = 126
    let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    #expect(try Support.read("apiVersion: x/v1\nkind: Free\nspec: \(text)\n").marks == ["BH-INTAKE-004 1"])
  }

  /// Text that only looks like structure must not count as such.
  @Test func textIsNotStructure() throws {
    let prose = String(repeating: "[[[ {{{ a, b: c, 'd ", count: 30_000)
    let text =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  a: |\n    \(prose)\n  b: \"\(prose)\"\n  c: x\n"
    #expect(try Support.read(text).fleet.configMaps.first?.data.keys.sorted() == ["a", "b", "c"])
  }

  @Test func theRestCountsAndLinesAreThoseOfTheFile() throws {
    let text =
      "# head\n\n" + Support.service("a") + "kind: [broken\n---\n" + Support.service("b")
      + "kind: Strange\napiVersion: x/v1\n"
    let result = try Support.read(text)
    #expect(result.fleet.services.map(\.id.name) == ["a", "b"])
    #expect(result.fleet.services.map(\.location.line) == [3, 14])
    #expect(result.marks.filter { $0.hasPrefix("BH-INTAKE") } == ["BH-INTAKE-002 13", "BH-INTAKE-004 23"])
    let error = try #require(Support.error(Array(text.utf8), strict: true))
    #expect(error.exit == .badInput && error.location?.line == 13)
  }

  @Test(arguments: [
    ("spec: text", "spec"), ("spec: {replicas: -1, template: {spec: {containers: [{name: c}]}}}", "spec.replicas"),
    (
      "spec: {template: {spec: {containers: [{name: c, ports: [{containerPort: 99999}]}]}}}",
      "spec.template.spec.containers[0].ports[0].containerPort"
    ),
    (
      "spec: {template: {spec: {containers: [{name: c, resources: {limits: {memory: 12 apples}}}]}}}",
      "resources.limits.memory"
    ),
    ("spec: {template: {spec: {containers: [{name: c, resources: {limits: {cpu: -1}}}]}}}", "resources.limits.cpu"),
    ("spec: {template: {spec: {containers: {name: c}}}}", "spec.template.spec.containers"),
    ("spec: {template: {spec: {hostPID: \"yes\", containers: [{name: c}]}}}", "hostPID"),
    ("spec: {template: {spec: {containers: [{image: c}]}}}", "containers[0]"),
    ("spec: {template: {spec: {volumes: [{name: v, hostPath: /}], containers: [{name: c}]}}}", "hostPath"),
    ("metadata: {name: [a]}", "metadata"),
  ])
  func wrongTypesNamePathAndLine(_ body: String, _ path: String) throws {
    let metadata = body.hasPrefix("metadata") ? "" : "metadata: {name: a}\n"
    let text = Support.service("other") + "apiVersion: apps/v1\nkind: Deployment\n\(metadata)\(body)\n"
    let result = try Support.read(text)
    let finding = try #require(result.findings.first { $0.message.contains(path) })
    #expect(finding.location?.line == (metadata.isEmpty ? 12 : 13))
    #expect(finding.location?.file == "in.yaml" && !finding.fix.isEmpty)
    #expect(Support.error(Array(text.utf8), strict: true)?.exit == .badInput)
  }

  @Test func errorsCannotSteerATerminal() throws {
    let error = try #require(Support.error(Array("\"a\\e[2J\": 1\n\"a\\e[2J\": 2\n".utf8)))
    #expect(error.message.contains("twice") && !error.description.contains("\u{1B}"))
  }

  @Test func aServiceWithoutWorkloadsIsAFinding() throws {
    #expect(try Support.read(Support.service("a")).marks == ["BH-CALL-004 1"])
  }
}
