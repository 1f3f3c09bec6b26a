import FleetModel
import Foundation
import Testing

@testable import Intake

struct ListReadingTests {
  /// Reads a list in pieces of a size.
  private func read(_ bytes: [UInt8], pieces: Int) throws -> JSONListReader<DocumentValue> {
    var reader = JSONListReader { $0.value }
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      try bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { try reader.feed($0) }
    }
    try reader.finish()
    return reader
  }

  private static let list = #"""
    {"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"x\u0041"},"items": [
     {"metadata":{"name":"a","managedFields":[{"manager":"]}\"{"}]},"s":"tab\t \"q\" \u00e9 \ud83d\ude00 \ud800 /\/"} ,
     {"n":[0,-1.5e3,true,false,null,[],{}]},"text",-12 , [1] ] , "extra" : {"a":"]"} }
    """#

  @Test(arguments: [1, 2, 3, 7, 64, 100_000]) func piecesMakeNoDifference(_ size: Int) throws {
    let reader = try read(Array(Self.list.utf8), pieces: size)
    #expect(reader.items.count == 5 && reader.resourceVersion == "7" && reader.continueToken == "xA")
    #expect(reader.items[0]["metadata"]?["name"]?.string == "a" && reader.items[0]["metadata"]?["managedFields"] == nil)
    #expect(reader.items[0]["s"]?.string == "tab\t \"q\" é 😀 \u{FFFD} //")
    #expect(
      reader.items[1]["n"]
        == .list([.integer(0), .number("-1.5e3"), .bool(true), .bool(false), .null, .list([]), .mapping([])]))
    #expect(reader.items[2] == .string("text") && reader.items[3] == .integer(-12))
    #expect(reader.envelope.map(\.key) == ["kind", "apiVersion", "metadata", "extra"])
  }

  @Test func emptyListsAreLists() throws {
    for text in [#"{"kind":"PodList","items":[]}"#, #"{"items":null,"kind":"PodList"}"#, "{}", " { } \n"] {
      #expect(try read(Array(text.utf8), pieces: 4).items.isEmpty)
    }
  }

  @Test(arguments: [
    "", "[", "{", #"{"items":[}"#, #"{"items":[1,]}"#, #"{"items":[{"a":1,}]}"#, #"{"items":[{"a":01}]}"#,
    #"{"items":[{"a":1 "b":2}]}"#, #"{"items":[{"a":1,"a":2}]}"#, #"{"items":["\x"]}"#, #"{"items":[tru]}"#,
    #"{"items":[1]"#, #"{"items":[1]} x"#, #"{"items":[1]}}"#, "{\"items\":[\"\u{1}\"]}", #"{"items":[{]}]}"#,
    #"{"items":[1 2]}"#, #"{items:[]}"#, #"{"items" []}"#, #"{"items":["\ud8"]}"#, #"{"items":[+1]}"#, #"{"a":1,}"#,
  ])
  func whatIsNoJSONIsRefused(_ text: String) {
    for size in [1, 5, 1_000] {
      #expect(throws: JSONProblem.self) { _ = try read(Array(text.utf8), pieces: size) }
    }
  }

  @Test func boundsHold() {
    func item(_ text: String) -> JSONProblem? {
      do throws(JSONProblem) {
        _ = try JSONItem.read(Array(text.utf8))
        return nil
      } catch { return error }
    }
    let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
    #expect(item(deep)?.message.contains("nested deeper") == true)
    #expect(item("[" + String(repeating: "1,", count: 1_100_000) + "1]")?.message.contains("more than") == true)
    #expect(item(String(repeating: "[", count: 1_000_000)) != nil)
    #expect(throws: JSONProblem.self) { _ = try JSONItem.read([0x22, 0xFF, 0x22]) }
    var reader = JSONListReader { $0.value }
    #expect(throws: JSONProblem.self) {
      try Array(#"{"items":[""#.utf8).withUnsafeBytes { try reader.feed($0) }
      let piece = [UInt8](repeating: 0x61, count: 1 << 20)
      for _ in 0..<11 { try piece.withUnsafeBytes { try reader.feed($0) } }
    }
  }

  /// Against Foundation, which accepts and gives the same.
  @Test func agreesWithFoundation() throws {
    var random = FixedSeedGenerator(11)
    for _ in 0..<(Fixtures.isSoaking ? 50_000 : 1_500) {
      let text = Self.randomJSON(&random, 5)
      let object = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
      let value = try JSONItem.read(Array(text.utf8)).value
      #expect(Self.isSame(value, object), "\(text)")
      // The YAML readers of manifests make the same of it.
      if text.hasPrefix("{"), text.utf8.allSatisfy({ $0 < 0x80 }), !text.contains("\\") {
        let raw = RawDocument(bytes: Array(text.utf8)[...], line: 1)
        if let tree = ManifestScanner.tree(of: raw) { #expect(tree.value(at: 0) == value, "\(text)") }
      }
    }
  }

  /// Damaged lists: a result or a problem, never a trap, and the same for all sizes of pieces.
  @Test func fuzz() async {
    var random = FixedSeedGenerator(5)
    let seed = Array(Self.list.utf8)
    for round in 0..<(Fixtures.isSoaking ? 300_000 : 5_000) {
      // Others wait for answers meanwhile.
      if round % 100 == 0 { await Task.yield() }
      var bytes = seed
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        if Bool.random(using: &random) {
          bytes[at] = Array("{}[]\",:\\u0dtfn-.e \u{1}".utf8).randomElement(using: &random)!
        } else {
          bytes.removeSubrange(at..<min(bytes.count - 1, at + Int.random(in: 1...30, using: &random)))
        }
      }
      let whole = (try? read(bytes, pieces: 1 << 20)).map(\.items)
      let pieces = (try? read(bytes, pieces: Int.random(in: 1...40, using: &random))).map(\.items)
      #expect(whole == pieces, "\(String(decoding: bytes, as: UTF8.self))")
    }
  }

  private static func randomJSON(_ random: inout FixedSeedGenerator, _ depth: Int) -> String {
    let kinds = depth == 0 ? 4 : 6
    switch Int.random(in: 0..<kinds, using: &random) {
    case 0: return ["true", "false", "null"].randomElement(using: &random)!
    case 1: return "\(Int.random(in: -1_000_000...1_000_000, using: &random))"
    case 2: return "\(Int.random(in: 1...99, using: &random)).25"
    case 3: return text(&random)
    case 4:
      let count = Int.random(in: 0...4, using: &random)
      return "[" + (0..<count).map { _ in randomJSON(&random, depth - 1) }.joined(separator: ", ") + "]"
    default:
      let count = Int.random(in: 0...30, using: &random) / 5
      return "{" + (0..<count).map { "\"k\($0)\": \(randomJSON(&random, depth - 1))" }.joined(separator: ",") + "}"
    }
  }

  private static func text(_ random: inout FixedSeedGenerator) -> String {
    let parts = ["a", "yes", "12", " ", "é", "😀", #"\n"#, #"\""#, #"\\"#, #"\u0041"#, #"\/"#, ":", "#", "{", "null"]
    return "\"" + (0..<Int.random(in: 0...6, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
      + "\""
  }

  private static func isSame(_ value: DocumentValue, _ object: Any) -> Bool {
    switch value {
    case .null: return object is NSNull
    case .bool(let value): return object as? Bool == value
    case .integer(let value): return (object as? NSNumber)?.intValue == value
    case .number(let text): return (object as? NSNumber)?.doubleValue == Double(text)
    case .string(let text): return object as? String == text
    case .list(let elements):
      guard let other = object as? [Any], other.count == elements.count else { return false }
      return zip(elements, other).allSatisfy { isSame($0, $1) }
    case .mapping(let entries):
      guard let other = object as? [String: Any], other.count == entries.count else { return false }
      return entries.allSatisfy { entry in other[entry.key].map { isSame(entry.value, $0) } ?? false }
    }
  }
}
