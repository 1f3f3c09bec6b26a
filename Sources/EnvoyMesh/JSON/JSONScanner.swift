/// Reads single members of a JSON object and steps over the rest without building it: four fifths of a discovery
/// request (some 77 kB in Envoy 1.40) name Envoy's own extensions, which nobody here needs.
struct JSONScanner {
  struct Malformed: Error {}
  /// Nesting beyond this is refused; Envoy's requests need five levels.
  static let maximumDepth = 64

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Calls `body` for each member of the object; `body` must read or skip exactly the member's value.
  mutating func object(_ body: (String, inout JSONScanner) throws -> Void) throws {
    try expect("{")
    guard try peek() != UInt8(ascii: "}") else { return try expect("}") }
    while true {
      let key = try string()
      try expect(":")
      try body(key, &self)
      if try peek() == UInt8(ascii: ",") { try expect(",") } else { return try expect("}") }
    }
  }

  mutating func strings() throws -> [String] {
    var result: [String] = []
    try expect("[")
    guard try peek() != UInt8(ascii: "]") else {
      try expect("]")
      return []
    }
    while true {
      result.append(try string())
      if try peek() == UInt8(ascii: ",") {
        try expect(",")
      } else {
        try expect("]")
        return result
      }
    }
  }

  mutating func string() throws -> String {
    try expect("\"")
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"): content += try escape()
      default: content.append(byte)
      }
    }
    throw Malformed()
  }

  /// Steps over one value of any kind.
  mutating func skip() throws {
    var depth = 0
    repeat {
      switch try peek() {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        position += 1
        guard depth <= Self.maximumDepth else { throw Malformed() }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        position += 1
        guard depth >= 0 else { throw Malformed() }
      case UInt8(ascii: "\""): try skipString()
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard depth > 0 else { throw Malformed() }
        position += 1
      default: skipScalar()
      }
    } while depth > 0
  }

  /// The end of the document: nothing but white space may follow.
  mutating func end() throws {
    while position < bytes.count {
      guard Self.isSpace(bytes[position]) else { throw Malformed() }
      position += 1
    }
  }

  private mutating func skipString() throws {
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return }
    }
    throw Malformed()
  }

  private mutating func skipScalar() {
    position += 1
    while position < bytes.count, !Self.endsScalar(bytes[position]) { position += 1 }
  }

  private mutating func escape() throws -> [UInt8] {
    guard position < bytes.count else { throw Malformed() }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "u"):
      guard position + 4 <= bytes.count,
        let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
      else { throw Malformed() }
      position += 4
      return Array(String(Character(Unicode.Scalar(value) ?? "\u{FFFD}")).utf8)
    default: return [byte]
    }
  }

  private mutating func peek() throws -> UInt8 {
    while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    guard position < bytes.count else { throw Malformed() }
    return bytes[position]
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard try peek() == UInt8(ascii: character) else { throw Malformed() }
    position += 1
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  private static func endsScalar(_ byte: UInt8) -> Bool {
    isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
      || byte == UInt8(ascii: ":")
  }
}
