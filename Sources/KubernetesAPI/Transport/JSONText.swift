package import FleetModel

/// A value as JSON, in the order of its entries. Only escapes that a YAML reader takes as well: the server may read
/// the body of an apply as YAML.
package struct JSONText {
  package private(set) var bytes: [UInt8] = []

  package init(_ value: DocumentValue) { write(value) }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  private mutating func write(_ value: DocumentValue) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += "\(value)".utf8
    case .number(let text): bytes += text.utf8
    case .string(let text): write(text)
    case .list(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(element)
      }
      bytes.append(UInt8(ascii: "]"))
    case .mapping(let entries):
      bytes.append(UInt8(ascii: "{"))
      for (index, entry) in entries.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(entry.key)
        bytes.append(UInt8(ascii: ":"))
        write(entry.value)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0x0A: bytes += "\\n".utf8
      case 0x09: bytes += "\\t".utf8
      case 0..<0x20, 0x7F:
        let digits = String(byte, radix: 16)
        bytes += "\\u00\(byte < 0x10 ? "0" : "")\(digits)".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension DocumentValue {
  /// The value with an entry set at a way of keys; mappings are made where there are none.
  package func setting(_ keys: [String], to value: DocumentValue) -> DocumentValue {
    guard let first = keys.first else { return value }
    var entries = self.entries
    let rest = Array(keys.dropFirst())
    if let index = entries.firstIndex(where: { $0.key == first }) {
      entries[index].value = entries[index].value.setting(rest, to: value)
    } else {
      entries.append(Entry(first, DocumentValue.mapping([]).setting(rest, to: value)))
    }
    return .mapping(entries)
  }

  /// The value at a way of keys.
  package subscript(path keys: String...) -> DocumentValue? {
    var value: DocumentValue? = self
    for key in keys { value = value?[key] }
    return value
  }
}
