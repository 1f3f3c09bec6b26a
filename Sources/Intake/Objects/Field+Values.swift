/// A field's value as the type that the schema wants.
extension Field {
  /// The field's value where the schema wants a string. An unquoted `no`, `1e3` or `0o17` is refused by Kubernetes:
  /// that is a finding, and the text as written is used.
  var string: String? {
    switch scalar {
    case .string(let text): return text
    case .some(let other):
      problem(
        "a string is wanted here, and Kubernetes reads the unquoted \(rawText ?? "") as \(other.article)",
        fix: "write it in quotes: \"\(rawText ?? "")\"")
      return rawText
    case nil:
      wrongType("a string")
      return nil
    }
  }

  func integer(in range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
    let value: Int? =
      switch scalar {
      case .integer(let value): value
      // JSON makes no difference between 10 and 1e1.
      case .number(let text): Double(text).flatMap { Int(exactly: $0) }
      default: nil
      }
    guard let value else {
      wrongType("a whole number")
      return nil
    }
    guard range.contains(value) else {
      problem("\(value) is out of range", fix: "use a number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  var bool: Bool? {
    if case .bool(let value) = scalar { return value }
    wrongType("true or false")
    return nil
  }

  var quantity: Quantity? {
    switch scalar {
    case .integer(let value): return Quantity("\(value)")
    case .string(let text), .number(let text):
      if let quantity = Quantity(text) { return quantity }
      problem("'\(text)' is not a quantity", fix: "write a number with a suffix, such as 100m, 0.5, 64Mi or 1e3")
      return nil
    default:
      wrongType("a quantity")
      return nil
    }
  }

  /// String to string, such as labels.
  var stringMap: [String: String] {
    var result: [String: String] = [:]
    for (key, value) in entries { result[key] = value.isNull ? "" : value.string }
    return result
  }

  var strings: [String] { elements.compactMap(\.string) }

  func oneOf<Value: RawRepresentable>(_ type: Value.Type, _ names: String) -> Value? where Value.RawValue == String {
    guard let text = string else { return nil }
    if let value = Value(rawValue: text) { return value }
    problem("'\(text)' is none of \(names)", fix: "use one of \(names)")
    return nil
  }
}
