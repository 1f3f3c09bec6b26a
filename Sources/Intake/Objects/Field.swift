import Diagnostics
import Yams

/// One field of an object with typed access. A value of the wrong type is a finding that names path and line, and the
/// field counts as not written; nothing is thrown, so that the rest of the object still counts.
struct Field {
  let node: Node
  let path: FieldPath
  let log: ObjectLog

  var location: SourceLocation { log.location(line: node.mark?.line) }

  /// Where the text of a scalar begins: below its header for a block scalar.
  var textLocation: SourceLocation {
    guard case .scalar(let scalar) = node, scalar.style == .literal || scalar.style == .folded else { return location }
    return log.location(line: (node.mark?.line ?? 1) + 1)
  }

  var isNull: Bool {
    guard case .scalar(let scalar) = node else { return false }
    return ScalarValue(scalar) == .null
  }

  /// The value of a key; nil when it is absent or null. Explicit keys win over merged ones (`<<`).
  subscript(key: String) -> Field? {
    guard case .mapping(let mapping) = node else {
      wrongType("a mapping")
      return nil
    }
    guard let value = Self.value(of: key, in: mapping) else { return nil }
    let field = Field(node: value, path: .key(path, key), log: log)
    return field.isNull ? nil : field
  }

  private static func value(of key: String, in mapping: Node.Mapping) -> Node? {
    var merged: Node?
    for index in mapping.indices {
      let pair = mapping[index]
      guard case .scalar(let name) = pair.key else { continue }
      if name.string == key { return pair.value }
      if name.string == "<<" && name.style == .plain { merged = pair.value }
    }
    switch merged {
    case .mapping(let base): return value(of: key, in: base)
    case .sequence(let bases):
      for index in bases.indices {
        if case .mapping(let base) = bases[index], let value = value(of: key, in: base) { return value }
      }
      return nil
    default: return nil
    }
  }

  /// The elements of a list; a null element counts as not there.
  var elements: [Field] {
    guard case .sequence(let sequence) = node else {
      wrongType("a list")
      return []
    }
    return sequence.indices.compactMap { index in
      let field = Field(node: sequence[index], path: .index(path, index), log: log)
      return field.isNull ? nil : field
    }
  }

  /// The entries of a mapping in the order written, merged ones after explicit ones.
  var entries: [(key: String, value: Field)] {
    guard case .mapping(let mapping) = node else {
      wrongType("a mapping")
      return []
    }
    var result: [(key: String, value: Field)] = []
    var seen: Set<String> = []
    collect(mapping, &result, &seen)
    return result
  }

  private func collect(
    _ mapping: Node.Mapping, _ result: inout [(key: String, value: Field)], _ seen: inout Set<String>
  ) {
    var merged: [Node.Mapping] = []
    for index in mapping.indices {
      let pair = mapping[index]
      guard case .scalar(let name) = pair.key else { continue }
      if name.string == "<<" && name.style == .plain {
        switch pair.value {
        case .mapping(let base): merged.append(base)
        case .sequence(let bases): merged += bases.indices.compactMap { bases[$0].mapping }
        default: break
        }
      } else if seen.insert(name.string).inserted {
        result.append((name.string, Field(node: pair.value, path: .key(path, name.string), log: log)))
      }
    }
    for base in merged { collect(base, &result, &seen) }
  }

  var scalar: ScalarValue? {
    guard case .scalar(let scalar) = node else { return nil }
    return ScalarValue(scalar)
  }

  /// The text as written, whatever its type.
  var rawText: String? { node.scalar?.string }

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

  func problem(_ message: String, fix: String, code: IntakeCode = .wrongValue) {
    log.add(code, .medium, "\(path): \(message)", fix: fix, at: location)
  }

  func wrongType(_ wanted: String) {
    let found =
      switch node {
      case .mapping: "a mapping"
      case .sequence: "a list"
      case .scalar(let scalar): ScalarValue(scalar).article
      case .alias: "an alias"
      }
    let place = "\(path)"
    log.add(
      .wrongValue, .medium, "\(place.isEmpty ? "the document" : place): \(wanted) is wanted here, found \(found)",
      fix: "correct the type; until then the field counts as not written", at: location)
  }
}
