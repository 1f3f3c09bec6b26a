/// What a YAML scalar is to Kubernetes, whose parser follows YAML 1.1 but knows no sexagesimal numbers.
enum ScalarValue: Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  /// The text is kept: quantities are exact, binary fractions are not.
  case number(String)
  case string(String)

  var article: String {
    switch self {
    case .null: "nothing"
    case .bool: "a yes/no value"
    case .integer, .number: "a number"
    case .string: "a string"
    }
  }

  /// The value of a scalar without quotes.
  static func plain(_ text: String) -> ScalarValue {
    // Almost all texts are told by their first letter.
    switch text.utf8.first {
    case nil: return .null
    case .some(let first) where first.isDigit || first == 0x2B || first == 0x2D || first == 0x2E: return numeric(text)
    case UInt8(ascii: "~"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "t"), UInt8(ascii: "T"),
      UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "o"), UInt8(ascii: "O"):
      return text.utf8.count <= 5 ? word(text) : .string(text)
    default: return .string(text)
    }
  }

  private static func word(_ text: String) -> ScalarValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N": return .bool(false)
    default: return .string(text)
    }
  }

  private static func numeric(_ text: String) -> ScalarValue {
    // Most texts that begin with a digit are amounts and versions, which a letter that no number has gives away.
    guard text.utf8.allSatisfy({ isOfNumbers($0) }) else { return .string(text) }
    if let integer = integer(text) { return .integer(integer) }
    return isNumber(text) ? .number(text) : .string(text)
  }

  /// Whether a byte may stand in any number: digits of all bases, their marks, signs, point and underscore.
  private static func isOfNumbers(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "o"),
      UInt8(ascii: "O"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    // Beyond ASCII nothing is ruled out here.
    default: byte >= 0x80
    }
  }

  /// Decimal, `0x`, `0o`, `0b`, and `0` alone as the mark of octal; underscores are ignored.
  private static func integer(_ text: String) -> Int? {
    if let first = text.utf8.first, first != 0x30, text.utf8.allSatisfy(\.isDigit) { return Int(text) }
    var digits = text.filter { $0 != "_" }
    let negative = digits.hasPrefix("-")
    if negative || digits.hasPrefix("+") { digits.removeFirst() }
    guard digits.utf8.first?.isDigit == true else { return nil }
    let (radix, prefix): (Int, Int) =
      switch digits.prefix(2).lowercased() {
      case "0x": (16, 2)
      case "0o": (8, 2)
      case "0b": (2, 2)
      default: digits.count > 1 && digits.hasPrefix("0") ? (8, 1) : (10, 0)
      }
    let body = digits.dropFirst(prefix)
    guard let first = body.utf8.first, first != 0x2B, first != 0x2D else { return nil }
    return Int((negative ? "-" : "") + body, radix: radix)
  }

  private static func isNumber(_ text: String) -> Bool {
    var rest = Substring(text)
    if rest.hasPrefix("-") || rest.hasPrefix("+") { rest.removeFirst() }
    let whole = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(whole.count)
    var fraction: Substring = ""
    if rest.hasPrefix(".") {
      fraction = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(1 + fraction.count)
    }
    guard !whole.isEmpty || !fraction.isEmpty else { return false }
    guard !rest.isEmpty else { return true }
    guard rest.hasPrefix("e") || rest.hasPrefix("E") else { return false }
    rest = rest.dropFirst()
    if rest.hasPrefix("-") || rest.hasPrefix("+") { rest.removeFirst() }
    return !rest.isEmpty && rest.allSatisfy { $0.isASCII && $0.isNumber }
  }
}

extension UInt8 {
  var isDigit: Bool { (0x30...0x39).contains(self) }
}
