import CommandLine
import Diagnostics
import Foundation
import Intake
import Testing

struct SurveyTests {
  private func shop() throws -> IntakeResult {
    let prefix = Support.root + "/"
    let sources = try InputLoader.load([prefix + "Examples/shop"]).map {
      InputSource(name: String($0.name.dropFirst(prefix.count)), bytes: $0.bytes)
    }
    return try Intake().read(sources, strict: true)
  }

  /// Compares with a golden file; `BULKHEAD_UPDATE_GOLDEN=1` writes it anew.
  private func expectGolden(_ text: String, _ name: String) throws {
    let path = Support.root + "/Tests/IntakeTests/Golden/" + name
    if ProcessInfo.processInfo.environment["BULKHEAD_UPDATE_GOLDEN"] == "1" {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(text == (try String(contentsOfFile: path, encoding: .utf8)), "the survey differs from Golden/\(name)")
  }

  @Test func theShopsSurveyIsAsExpected() throws {
    let result = try shop()
    try expectGolden(SurveyTable(result, colored: false).text, "shop.txt")
    try expectGolden(try SurveyDocument(result).text(), "shop.json")
  }

  @Test func theDocumentIsJSONWithTheSchemaFirst() throws {
    let text = try SurveyDocument(try shop()).text()
    #expect(text.hasPrefix("{\n  \"schema\" : \"bulkhead.survey/1\",\n"))
    let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let object = try #require(parsed as? [String: Any])
    #expect(object.keys.sorted() == ["calls", "documents", "findings", "schema", "services", "workloads"])
    #expect(text == (try SurveyDocument(try shop()).text()))
  }

  @Test func colourNeverChangesTheWords() throws {
    let result = try shop()
    let colored = SurveyTable(result, colored: true).text
    #expect(colored.contains("\u{1B}[32mready\u{1B}[0m"))
    #expect(colored.replacing(/\u{1B}\[[0-9]*m/, with: "") == SurveyTable(result, colored: false).text)
  }

  @Test func hostileNamesCannotSteerATerminal() throws {
    let name = "a\\e]0;x\\a\\u202e<b>"
    let text =
      "apiVersion: v1\nkind: Service\nmetadata: {name: \"\(name)\"}\nspec: {selector: {a: b}, ports: [{port: 80}]}\n"
    let table = SurveyTable(try Support.read(text), colored: false).text
    #expect(!table.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x07 || $0.value == 0x202E })
    #expect(table.contains("a\u{FFFD}]0;x\u{FFFD}\u{FFFD}<b>"))
  }
}
