package import FleetModel

/// Writes a value as YAML in block form: the same text every time, and no string that YAML 1.1 or 1.2 would read as
/// anything else.
package enum YAMLText {
  /// A document that ends with a newline.
  package static func document(_ value: DocumentValue) -> String {
    switch value {
    case .mapping(let entries) where !entries.isEmpty: block(value, indent: 0)
    case .list(let elements) where !elements.isEmpty: block(value, indent: 0)
    default: flow(value) + "\n"
    }
  }

  private static func block(_ value: DocumentValue, indent: Int) -> String {
    let space = String(repeating: " ", count: indent)
    var text = ""
    switch value {
    case .mapping(let entries):
      for entry in entries {
        text += space + string(entry.key) + ":" + body(entry.value, indent: indent)
      }
    case .list(let elements):
      for element in elements {
        guard isNested(element) else {
          text += space + "- " + flow(element) + "\n"
          continue
        }
        // The first line of the element stands behind its dash.
        text += space + "- " + block(element, indent: indent + 2).dropFirst(indent + 2)
      }
    default: text = space + flow(value) + "\n"
    }
    return text
  }

  private static func body(_ value: DocumentValue, indent: Int) -> String {
    guard isNested(value) else { return " " + flow(value) + "\n" }
    return "\n" + block(value, indent: indent + 2)
  }

  private static func isNested(_ value: DocumentValue) -> Bool {
    switch value {
    case .mapping(let entries): !entries.isEmpty
    case .list(let elements): !elements.isEmpty
    default: false
    }
  }

  private static func flow(_ value: DocumentValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let text): text
    case .string(let text): string(text)
    case .list: "[]"
    case .mapping: "{}"
    }
  }

  /// Plain where it begins with a letter, holds only letters, digits and `-./_`, and is no word that YAML 1.1 takes
  /// for a boolean or null; in double quotes otherwise.
  package static func string(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

  private static let words: Set<String> = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
  ]

  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, (0x41...0x5A).contains(first & 0xDF) else { return false }
    return !words.contains(text.lowercased())
      && text.utf8.allSatisfy { byte in
        (0x41...0x5A).contains(byte & 0xDF) || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x2F, 0x5F].contains(byte)
      }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x20...0x7E: result.unicodeScalars.append(scalar)
      case 0xA0...0x1FFF, 0x3001...0xD7FF, 0xF900...0xFDCF: result.unicodeScalars.append(scalar)
      case 0x10000...: result += "\\U" + hex(scalar.value, 8)
      default: result += "\\u" + hex(scalar.value, 4)
      }
    }
    return result + "\""
  }

  private static func hex(_ value: UInt32, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }
}
