/// A JSON document as a tree. For answers of sources, which are bounded by bytes already: nesting and the number of
/// values are bounded here, and a key that stands twice in an object is an error, because two readers would disagree.
enum JSONTree: Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONTree])
  case object([Member])

  struct Member: Equatable {
    var key: String
    var value: JSONTree
  }

  struct Problem: Error, Equatable, CustomStringConvertible {
    var offset: Int
    var message: String
    var description: String { "not the JSON expected: \(message) (byte \(offset))" }
  }

  static let nesting = 32
  static let values = 2_000_000

  /// - Throws: `Problem` for anything but one whole document.
  init(_ bytes: [UInt8]) throws(Problem) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }

  subscript(_ key: String) -> JSONTree? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var list: [JSONTree]? { if case .list(let list) = self { list } else { nil } }
  var members: [Member]? { if case .object(let members) = self { members } else { nil } }
  var number: Double? { if case .number(let number) = self { number } else { nil } }

  /// A number, also where it is written as a text.
  var looseNumber: Double? { number ?? text.flatMap(Double.init) }

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .number: "a number"
    case .text: "a text"
    case .list: "a list"
    case .object: "an object"
    }
  }
}

private struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  private var count = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONTree.Problem) -> JSONTree {
    let value = try value()
    skipBlanks()
    guard position == bytes.count else { throw problem("more follows after the end") }
    return value
  }

  private func problem(_ message: String) -> JSONTree.Problem {
    JSONTree.Problem(offset: min(position, bytes.count), message: message)
  }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func value() throws(JSONTree.Problem) -> JSONTree {
    skipBlanks()
    count += 1
    guard count <= JSONTree.values else { throw problem("more than \(JSONTree.values) values") }
    switch next {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONTree.Problem) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONTree.Problem) in try parser.list() }
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw problem("it ends in the middle")
    case .some(let byte):
      guard byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) else { throw problem("no value begins here") }
      return .number(try number())
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONTree.Problem) -> JSONTree
  ) throws(JSONTree.Problem) -> JSONTree {
    guard depth < JSONTree.nesting else { throw problem("nested deeper than \(JSONTree.nesting) levels") }
    depth += 1
    position += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  private mutating func object() throws(JSONTree.Problem) -> JSONTree {
    var members: [JSONTree.Member] = []
    var keys: Set<String> = []
    while try !ended(by: UInt8(ascii: "}"), isFirst: members.isEmpty) {
      guard next == UInt8(ascii: "\"") else { throw problem("a key is no text") }
      let key = try text()
      let isNew =
        members.count < 16
        ? !members.contains { $0.key == key }
        : {
          if keys.isEmpty { keys = Set(members.map(\.key)) }
          return keys.insert(key).inserted
        }()
      guard isNew else { throw problem("the key '\(key.prefix(60))' stands twice in one object") }
      skipBlanks()
      guard next == UInt8(ascii: ":") else { throw problem("a key has no ':'") }
      position += 1
      members.append(JSONTree.Member(key: key, value: try value()))
    }
    return .object(members)
  }

  private mutating func list() throws(JSONTree.Problem) -> JSONTree {
    var elements: [JSONTree] = []
    while try !ended(by: UInt8(ascii: "]"), isFirst: elements.isEmpty) { elements.append(try value()) }
    return .list(elements)
  }

  /// Goes past the end of a collection, or to its next entry.
  private mutating func ended(by closing: UInt8, isFirst: Bool) throws(JSONTree.Problem) -> Bool {
    skipBlanks()
    if next == closing {
      position += 1
      return true
    }
    guard !isFirst else { return false }
    guard next == UInt8(ascii: ",") else { throw problem(next == nil ? "it ends in the middle" : "a comma is missing") }
    position += 1
    skipBlanks()
    return false
  }

  private mutating func word(_ word: String, _ value: JSONTree) throws(JSONTree.Problem) -> JSONTree {
    guard bytes[position...].starts(with: word.utf8) else { throw problem("'\(word)' is written wrongly") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws(JSONTree.Problem) -> Double {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { position += 1 }
    let written = bytes[start..<position]
    // Swift reads more than JSON allows: "1." and "01" among them.
    let digits = written.drop { $0 == UInt8(ascii: "-") }
    let leadsWithZero =
      digits.count > 1 && digits.first == 0x30 && (0x30...0x39).contains(digits[digits.startIndex + 1])
    guard !leadsWithZero, written.last != UInt8(ascii: "."), written.count <= 400,
      let value = Double(String(decoding: written, as: UTF8.self))
    else { throw problem("a number is written wrongly") }
    return value
  }

  private mutating func text() throws(JSONTree.Problem) -> String {
    position += 1
    let start = position
    var isPlain = true
    while let byte = next, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw problem("a control character stands in a text") }
      if byte == UInt8(ascii: "\\") {
        isPlain = false
        position += 1
      }
      position += 1
    }
    guard position < bytes.count else { throw problem("it ends in the middle of a text") }
    let slice = bytes[start..<position]
    position += 1
    guard let text = String(validating: isPlain ? slice : try unescaped(slice)[...], as: UTF8.self) else {
      throw problem("a text is not valid UTF-8")
    }
    return text
  }

  private func unescaped(_ slice: ArraySlice<UInt8>) throws(JSONTree.Problem) -> [UInt8] {
    var result: [UInt8] = []
    var rest = slice
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
        result.append(byte)
        continue
      }
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"): result += Array(String(try scalar(&rest)).utf8)
      default: throw problem("an escape that JSON does not know")
      }
    }
    return result
  }

  /// The character of `\uXXXX`, or of two that make a pair; half a pair becomes U+FFFD.
  private func scalar(_ rest: inout ArraySlice<UInt8>) throws(JSONTree.Problem) -> Unicode.Scalar {
    let first = try hexadecimal(&rest)
    if let scalar = Unicode.Scalar(first) { return scalar }
    var after = rest
    guard first < 0xDC00, after.popFirst() == UInt8(ascii: "\\"), after.popFirst() == UInt8(ascii: "u") else {
      return "\u{FFFD}"
    }
    let second = try hexadecimal(&after)
    guard (0xDC00...0xDFFF).contains(second) else { return "\u{FFFD}" }
    rest = after
    return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? "\u{FFFD}"
  }

  private func hexadecimal(_ rest: inout ArraySlice<UInt8>) throws(JSONTree.Problem) -> UInt32 {
    let digits = rest.prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw problem("an escape \\u has no four digits") }
    rest = rest.dropFirst(4)
    return value
  }
}
