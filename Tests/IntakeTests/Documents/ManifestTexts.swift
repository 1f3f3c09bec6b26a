import Foundation
import TestSupport

/// Seeded texts for fuzzing parsers: a failing round can be run again.
struct ManifestTexts: RandomNumberGenerator {
  private var random: SplitMix64

  init(seed: Int) { random = SplitMix64(UInt64(truncatingIfNeeded: seed)) }

  mutating func next() -> UInt64 { random.next() }
  mutating func upTo(_ count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &self) }
  mutating func oneOf(_ texts: [String]) -> String { texts[upTo(texts.count)] }
  mutating func happens(_ percent: Int) -> Bool { upTo(100) < percent }

  // MARK: - Token soup

  private static let tokens: [String] = [
    "a", "b", "key", "- ", "-", "- - ", ": ", ":", "? ", "\n", "\n", "\n ", "\n  ", "\n    ", "\n- ", "\na: ",
    "\n  b: ",
    " ", "  ", "\t", "#", " # c\n", "#x", "\"", "\"q\"", "'", "'s'", "''", "\\", "\\n", "\\\n", "|", "|\n", "|-\n  ",
    "|2\n", "|+\n", ">", ">\n", ">-\n  ", ">1-\n", "[", "]", "{", "}", ",", ", ", "[a, b]", "{a: b}", "&x ", "*x",
    "!!str ",
    "!", "%YAML 1.1\n", "---\n", "--- ", "...\n", "<<: ", "null", "~", "é", "\u{85}", "\u{2028}", "\u{FEFF}",
    "\r\n", "\r",
    "a: 1\n", "a:\n", "- a: b\n  c: d\n", "\"a\": ", "'a' : ", "x:y", "a#b", "?x", ":x", "-x", "@", "`", "0x1F",
    "\\u00e9",
    "\\x41", "\\ud800", "[a: b]", "{a}", "{\"a\":1}", "\n\n", "\n \n", "a\n  b", "'it''s'", "\"a\n  b\"",
  ]

  /// Pieces of YAML in no order.
  mutating func soup() -> String {
    var text = ""
    for _ in 0..<(1 + upTo(14)) { text += oneOf(Self.tokens) }
    return text
  }

  // MARK: - Structure

  private static let scalars: [String] = [
    "text", "two words", "a:b", "http://x/y#z", "-1", "- x", "1e3", "0x1F", "null", "~", "no", "'single'",
    "'it''s'", "''",
    "\"double\"", "\"esc \\\" \\n \\u00e9 \\x41\"", "\"\"", "\"a\\\n   b\"", "'a\n\n  b'", "[]", "{}",
    "[a, 'b', \"c\"]",
    "{a: b, \"c\": [d, {e: f}]}", "[a,\n b, # c\n c]", "{\"a\":1,\"b\":null}", "*x", "&x y", "!t z", "text # comment",
    "#comment", "é ü", "text  ", "a\tb", "%d", "@a", "a, b", "a]", "x {y}", "[a b, - c]", "{a: 'b' , c : d}", "?q",
    ":q",
    ":8080", "--flag=x", "'k': v", "|", "", "", "\"unterminated", "{a: b", "[-, -1, -a]", "{a: b\n}", "[\n]", "$(X)",
  ]
  private static let keys: [String] = [
    "a", "b", "name", "kind", "spec", "x-y", "app.kubernetes.io/name", "\"q\"", "'s'", "two words", "é", "<<", "a ",
    "1",
    "\"e\\n\"", "-k", "?k", ":k", "k:l", "k#l", "[k]",
  ]

  /// A document that is mostly well formed.
  mutating func document() -> String {
    var text = oneOf(["", "", "---\n", "# head\n", "--- # c\n\n", "%YAML 1.1\n---\n", "--- "])
    text += node(indent: 0, depth: 0, behindKey: false)
    if happens(10) { text = text.replacingOccurrences(of: "\n", with: "\r\n") }
    return text
  }

  /// A node from where the cursor stands: at the start of a line when not behind a key.
  private mutating func node(indent: Int, depth: Int, behindKey: Bool) -> String {
    let choice = depth >= 4 ? 9 : upTo(10)
    let pad = String(repeating: " ", count: indent)
    switch choice {
    case 0...4: return (behindKey ? "\n" : "") + mapping(indent, depth)
    case 5, 6:
      // A list below its key may be as far out as the key.
      let out = behindKey && indent >= 2 && happens(50) ? indent - 2 : indent
      return (behindKey ? "\n" : "") + sequence(out, depth)
    case 7: return (behindKey ? " " : pad) + blockScalar(indent)
    case 8: return (behindKey ? " " : pad) + "some text\n" + pad + "goes on\n"
    default: return (behindKey ? " " : pad) + oneOf(Self.scalars) + "\n"
    }
  }

  private mutating func gap() -> String { happens(8) ? oneOf(["\n", "# c\n", "   # c\n", "  \n", "\t\n"]) : "" }

  private mutating func width() -> Int { happens(80) ? 2 : 1 + upTo(4) }

  private mutating func mapping(_ indent: Int, _ depth: Int) -> String {
    var text = ""
    for number in 0..<(1 + upTo(4)) {
      let slip = happens(2) ? 1 : 0
      let key = happens(60) ? "k\(number)" : oneOf(Self.keys)
      text += gap() + String(repeating: " ", count: indent + slip) + key + (happens(4) ? " :" : ":")
      text += node(indent: indent + width(), depth: depth + 1, behindKey: true)
    }
    return text
  }

  private mutating func sequence(_ indent: Int, _ depth: Int) -> String {
    var text = ""
    for _ in 0..<(1 + upTo(3)) {
      text += gap() + String(repeating: " ", count: indent) + "-"
      switch upTo(4) {
      case 0: text += " " + oneOf(Self.scalars) + "\n"
      case 1:
        // A compact mapping: its first key is behind the dash.
        let spaces = happens(85) ? 1 : 3
        let inner = indent + 1 + spaces
        text += String(repeating: " ", count: spaces) + String(mapping(inner, depth + 1).drop { $0 == " " })
      default: text += node(indent: indent + width(), depth: depth + 1, behindKey: true)
      }
    }
    return text
  }

  private mutating func blockScalar(_ indent: Int) -> String {
    var text = oneOf(["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|+1", "| # c", "|#c", ">9"]) + "\n"
    let base = max(1, indent + upTo(2))
    for _ in 0..<upTo(5) {
      let pad = String(repeating: " ", count: max(0, base + [0, 0, 0, 0, 1, 3, -1][upTo(7)]))
      text += oneOf(["", pad + "line", pad + "# no comment", pad + "a: b", pad + "\tx", pad, pad + "é "]) + "\n"
    }
    return text
  }

  // MARK: - Mutation

  /// A few lines of `text` with a few bytes or lines changed.
  mutating func mutation(of text: [UInt8]) -> [UInt8] {
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    if happens(80) && lines.count > 40 {
      let from = upTo(lines.count - 30)
      lines = Array(lines[from..<min(lines.count, from + 5 + upTo(30))])
      let shared = lines.filter { !$0.isEmpty }.map(Self.indentation).min() ?? 0
      if happens(70) { lines = lines.map { Array($0.dropFirst(shared)) } }
    }
    for _ in 0..<upTo(3) where !lines.isEmpty { mutateLine(&lines) }
    var bytes = Array(lines.joined(separator: [0x0A]))
    for _ in 0..<upTo(4) where !bytes.isEmpty { mutateBytes(&bytes) }
    return bytes
  }

  private static func indentation(_ line: [UInt8]) -> Int { line.prefix { $0 == 0x20 }.count }

  private mutating func mutateLine(_ lines: inout [[UInt8]]) {
    let at = upTo(lines.count)
    switch upTo(6) {
    case 0: lines[at].insert(contentsOf: repeatElement(0x20, count: 1 + upTo(4)), at: 0)
    case 1: lines[at].removeFirst(min(1 + upTo(3), Self.indentation(lines[at])))
    case 2: lines.insert(lines[upTo(lines.count)], at: at)
    case 3: lines.remove(at: at)
    case 4: lines[at] += Array(oneOf(Self.scalars).utf8)
    default: lines.swapAt(at, upTo(lines.count))
    }
  }

  private static let indicators = Array(":-#'\"|>{}[],&*!?%@\\ \t\n\n  ".utf8)

  private mutating func mutateBytes(_ bytes: inout [UInt8]) {
    let at = upTo(bytes.count)
    switch upTo(5) {
    case 0: bytes[at] ^= 1 << UInt8(upTo(7))
    case 1: bytes.remove(at: at)
    case 2: bytes.insert(Self.indicators[upTo(Self.indicators.count)], at: at)
    case 3: bytes.removeSubrange(at..<min(bytes.count, at + 1 + upTo(10)))
    default: bytes.insert(contentsOf: Array(oneOf(Self.tokens).utf8), at: at)
    }
  }
}
