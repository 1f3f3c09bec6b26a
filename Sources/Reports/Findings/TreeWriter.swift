/// A document written piece by piece: mappings, lists and scalars in the order in which they are given.
protocol TreeWriter {
  /// Opens a mapping; `isRow` asks for one line, where the format can.
  mutating func openMapping(_ key: StaticString?, isRow: Bool)
  mutating func closeMapping()
  mutating func openList(_ key: StaticString?)
  mutating func closeList()
  mutating func string(_ key: StaticString?, _ value: String)
  mutating func number(_ key: StaticString?, _ value: Int)
  mutating func bool(_ key: StaticString?, _ value: Bool)
  /// A finite number.
  mutating func decimal(_ key: StaticString?, _ value: Double)
}

extension TreeWriter {
  mutating func strings(_ key: StaticString, _ values: some Sequence<String>) {
    openList(key)
    for value in values { string(nil, value) }
    closeList()
  }
}

/// Bytes on their way to a sink, handed over in pieces, so that a large document is never in memory as a whole.
struct ByteBuffer {
  private(set) var bytes: [UInt8] = []
  private let sink: ([UInt8]) -> Void
  private static let piece = 1 << 16

  init(_ sink: @escaping ([UInt8]) -> Void) {
    self.sink = sink
    bytes.reserveCapacity(Self.piece + 4096)
  }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }
  mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
  mutating func blanks(_ count: Int) { for _ in 0..<count { bytes.append(0x20) } }

  mutating func flushIfLarge() { if bytes.count >= Self.piece { flush() } }
  mutating func flush() {
    sink(bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  /// A string in double quotes that JSON and YAML both read back. What steers terminals, reorders text or means
  /// something in HTML is escaped.
  ///
  /// - Parameter isYAML: beyond U+FFFF YAML has an escape of its own where JSON has surrogates.
  mutating func quoted(_ text: String, isYAML: Bool = false) {
    bytes.append(0x22)
    var text = text
    let isPlain = text.withUTF8 { buffer in buffer.allSatisfy { Self.plain[Int($0)] } }
    if isPlain {
      text.withUTF8 { bytes.append(contentsOf: $0) }
    } else {
      for scalar in text.unicodeScalars { escape(scalar, isYAML) }
    }
    bytes.append(0x22)
  }

  private mutating func escape(_ scalar: Unicode.Scalar, _ isYAML: Bool) {
    switch scalar {
    case "\"": append("\\\"")
    case "\\": append("\\\\")
    case "\n": append("\\n")
    case "\t": append("\\t")
    case "<", ">", "&": unicode(UInt16(scalar.value))
    case _ where scalar.isSteering && isYAML && scalar.value > 0xFFFF:
      append("\\U000" + String(scalar.value, radix: 16))
    case _ where scalar.isSteering: for unit in String(scalar).utf16 { unicode(unit) }
    default: bytes.append(contentsOf: String(scalar).utf8)
    }
  }

  private mutating func unicode(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
  }

  private static let plain: [Bool] = (0..<256).map { byte in
    (0x20...0x7E).contains(byte) && ![0x22, 0x5C, 0x3C, 0x3E, 0x26].contains(byte)
  }
}
