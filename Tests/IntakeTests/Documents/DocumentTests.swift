import Diagnostics
import FleetModel
import Testing

@testable import Intake

/// Fields of scanned and of composed documents alike, and documents read side by side.
struct DocumentTests {
  private func root(_ text: String) throws -> Field {
    Field(try ParsedDocument(RawDocument(bytes: Array(text.utf8)[...], line: 1)), file: "f")
  }

  /// The same document without and with what only Yams reads.
  @Test(arguments: [
    "a: {b: [x, {c: d}], e: null}\nf: 1\n", "x: &x {c: d}\na: {b: [x, *x], e: null}\nf: 1\n",
    "a:\n  <<: {e: z}\n  b: [x, {c: d}]\n  e: ~\nf: !!int 1\n",
  ])
  func fieldsAreTheSameEitherWay(_ text: String) throws {
    let root = try root(text)
    let list = try #require(root["a"]?["b"])
    #expect(list.elements.count == 2 && list.elements[0].string == "x")
    let deep = try #require(list.elements[1]["c"])
    #expect("\(deep.path)" == "a.b[1].c" && deep.value == .string("d"))
    #expect(root["a"]?["e"] == nil && root["f"]?.integer() == 1 && root["none"] == nil)
    let entries = try #require(root["a"]).entries
    #expect(entries.filter { $0.key == "e" }.count == 1 && entries.first { $0.key == "e" }?.value.isNull == true)
    #expect(root.log.findings.isEmpty)
  }

  @Test func valuesAreResolvedAsKubernetesDoes() throws {
    let value = try root("a: 1\nb: 1.5\nc: yes\nd: 'yes'\ne:\nf: [x, {g: 0x10}]\nh: !!str 5\n").value
    #expect(
      value
        == .mapping([
          .init("a", .integer(1)), .init("b", .number("1.5")), .init("c", .bool(true)), .init("d", .string("yes")),
          .init("e", .null), .init("f", .list([.string("x"), .mapping([.init("g", .integer(16))])])),
          .init("h", .string("5")),
        ]))
  }

  /// The text behind an anchor is in memory once, however often it is named.
  @Test func aliasesDoNotMultiply() throws {
    let long = String(repeating: "x", count: 100_000)
    let text = "a: &a '\(long)'\nb: [" + Array(repeating: "*a", count: 20_000).joined(separator: ",") + "]\n"
    let elements = try #require(try root(text)["b"]).elements
    #expect(elements.count == 20_000 && elements.map(\.string).allSatisfy { $0?.utf8.count == 100_000 })
  }

  @Test func manyDocumentsKeepTheirOrder() throws {
    let text = (0..<3000).map { number in
      number % 7 == 0
        ? "a: [\n---\n" : "apiVersion: v1\nkind: Service\nmetadata: {name: s\(number)}\nspec: {x: y}\n---\n"
    }
    let bytes = Array(text.joined().utf8)
    #expect(bytes.count > 100_000)
    let result = try Support.read(bytes: bytes)
    #expect(try Support.read(bytes: bytes) == result)
    let lines = result.findings.compactMap(\.location?.line)
    #expect(lines == lines.sorted() && result.fleet.services.count == 3000 - 429)
    let many = try Intake().read(text.enumerated().map { InputSource(name: "f\($0)", bytes: Array($1.utf8)) })
    #expect(many.fleet.services.map(\.id) == result.fleet.services.map(\.id) && many.documents == 3000)
  }

  @Test(arguments: [0, 1, 2, 100, 5000])
  func sideBySideIsMap(_ count: Int) {
    let numbers = Array(0..<count)
    #expect(SideBySide.map(numbers, weight: { $0 * 100 }, { "\($0)" }) == numbers.map { "\($0)" })
  }
}
