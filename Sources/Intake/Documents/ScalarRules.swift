import Yams

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

  init(_ scalar: Node.Scalar) {
    switch scalar.style {
    case .singleQuoted, .doubleQuoted, .literal, .folded: self = .string(scalar.string)
    case .any, .plain: self = Self.plain(scalar.string, tag: scalar.tag.rawValue)
    }
  }

  private static func plain(_ text: String, tag: String) -> ScalarValue {
    switch tag {
    case "tag:yaml.org,2002:str", "!": .string(text)
    default: plain(text)
    }
  }

  static func plain(_ text: String) -> ScalarValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N": return .bool(false)
    default: break
    }
    guard let first = text.utf8.first, first.isDigit || first == 0x2B || first == 0x2D || first == 0x2E else {
      return .string(text)
    }
    if let integer = integer(text) { return .integer(integer) }
    return isNumber(text) ? .number(text) : .string(text)
  }

  /// Decimal, `0x`, `0o`, `0b`, and `0` alone as the mark of octal; underscores are ignored.
  private static func integer(_ text: String) -> Int? {
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
