import FleetModel
import TestSupport
import Testing

@testable import Policies

/// What is written is read back as what it was, whatever the strings look like.
struct YAMLTextTests {
  static let nasty = [
    "", " ", "~", "null", "Null", "true", "True", "yes", "NO", "on", "Off", "y", "N", "1", "01", "1.0", "1e3", "0x1F",
    "0o17", ".5", ".inf", "-.INF", ".nan", "+1", "-1", "1_000", "12:30:45", "2026-01-31", "<<", "=", "-", "- a", "a: b",
    "a #b", "#a", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "{a}", "[a]", ",", "?", "? a", ":", "a:", "'a'",
    "\"a\"", "a\"b", "a\\b", "a\nb", "\n", "a\tb", "trailing ", " leading", "---", "...", "a\u{0}b", "\u{7F}",
    "\u{85}", "\u{2028}", "a\u{FEFF}b", "é", "日本", "😀", "a\r\nb", "e\u{301}", "0", "00:00", "nan", "inf", "Infinity",
  ]

  @Test(arguments: nasty)
  func stringsStayStrings(_ text: String) throws {
    let value = DocumentValue.list([.string(text), .mapping([.init("key", .string(text))])])
    #expect(try parsed(YAMLText.document(value)) == value, "\(YAMLText.document(value))")
  }

  @Test func keysStayKeys() throws {
    let keys = ["on", "8080", "a/b", "a: b", "", "#", "null", "prometheus.io/scrape"]
    let value = DocumentValue.mapping(keys.map { .init($0, .integer(1)) })
    #expect(try parsed(YAMLText.document(value)) == value)
  }

  @Test func looksLikeAPersonWroteIt() {
    let value = DocumentValue.map([
      "name": .string("cart"), "on": .bool(true), "ports": .list([.map(["port": .integer(80), "empty": .list([])])]),
      "labels": .mapping([]),
    ])
    #expect(
      YAMLText.document(value) == """
        name: cart
        "on": true
        ports:
          - port: 80
            empty: []
        labels: {}

        """)
  }

  @Test func randomValues() throws {
    var random = SplitMix64(7)
    for _ in 0..<Support.rounds(150) {
      let value = Self.value(&random, depth: 4)
      let text = YAMLText.document(value)
      #expect(try parsed(text) == value, "\(text)")
    }
  }

  private static func value(_ random: inout SplitMix64, depth: Int) -> DocumentValue {
    switch random.below(depth > 0 ? 7 : 4) {
    case 0: return .integer(random.below(1_000_000) - 500_000)
    case 1: return .bool(random.chance(50))
    case 2, 3: return .string(text(&random))
    case 4: return .list((0..<random.below(4)).map { _ in value(&random, depth: depth - 1) })
    default:
      var entries: [DocumentValue.Entry] = []
      for _ in 0..<random.below(4) {
        let key = text(&random)
        if !entries.contains(where: { $0.key == key }) {
          entries.append(.init(key, value(&random, depth: depth - 1)))
        }
      }
      return .mapping(entries)
    }
  }

  private static func text(_ random: inout SplitMix64) -> String {
    if random.chance(30) { return random.pick(nasty) }
    let letters: [Unicode.Scalar] = Array("abyn01.-_/:#'\"\\ {}[]&*!|>%@,?~é\n\t".unicodeScalars)
    var result = String.UnicodeScalarView()
    for _ in 0..<random.below(8) { result.append(random.pick(letters)) }
    return String(result)
  }
}
