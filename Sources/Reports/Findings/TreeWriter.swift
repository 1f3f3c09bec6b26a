/// A document written piece by piece: mappings, lists and scalars in the order in which they are given.
protocol TreeWriter: SendableMetatype {
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
  /// The elements of the list that is open; `write` is called for several of them at the same time where the format
  /// allows it.
  mutating func rows<Element: Sendable>(_ elements: [Element], _ write: @Sendable (Element, inout Self) -> Void)
}

extension TreeWriter {
  mutating func rows<Element: Sendable>(_ elements: [Element], _ write: @Sendable (Element, inout Self) -> Void) {
    for element in elements { write(element, &self) }
  }

  mutating func strings(_ key: StaticString, _ values: some Sequence<String>) {
    openList(key)
    for value in values { string(nil, value) }
    closeList()
  }
}

/// Bytes on their way to a sink, handed over in pieces, so that a large document is never in memory as a whole.
struct ByteBuffer {
  private(set) var bytes: [UInt8] = []
  /// Nil keeps them.
  private let sink: (([UInt8]) -> Void)?
  private static let piece = 1 << 16

  init(_ sink: (([UInt8]) -> Void)?) {
    self.sink = sink
    bytes.reserveCapacity(Self.piece + 4096)
  }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }
  mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
  mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }
  mutating func blanks(_ count: Int) { for _ in 0..<count { bytes.append(0x20) } }

  mutating func flushIfLarge() { if bytes.count >= Self.piece { flush() } }
  mutating func flush() {
    guard let sink else { return }
    sink(bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Bytes that are a part of the document already, after those written so far.
  mutating func pass(_ piece: [UInt8]) {
    flush()
    if let sink { sink(piece) } else { bytes += piece }
  }

  /// A string in double quotes that JSON and YAML both read back. What steers terminals, reorders text or means
  /// something in HTML is escaped.
  ///
  /// - Parameter isYAML: beyond U+FFFF YAML has an escape of its own where JSON has surrogates.
  mutating func quoted(_ text: String, isYAML: Bool = false) {
    bytes.append(0x22)
    var text = text
    text.withUTF8 { text in
      var start = 0
      var index = 0
      while index < text.count {
        if Self.isPlain(text[index]) {
          index += 1
          continue
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
        // A scalar ends before the next byte that does not go on with one.
        start = index + 1
        while start < text.count, text[start] & 0xC0 == 0x80 { start += 1 }
        escape(UnsafeBufferPointer(rebasing: text[index..<start]), isYAML)
        index = start
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
    }
    bytes.append(0x22)
  }

  private mutating func escape(_ scalar: UnsafeBufferPointer<UInt8>, _ isYAML: Bool) {
    switch scalar[0] {
    case 0x22: append("\\\"" as StaticString)
    case 0x5C: append("\\\\" as StaticString)
    case 0x0A: append("\\n" as StaticString)
    case 0x09: append("\\t" as StaticString)
    case 0x3C, 0x3E, 0x26: unicode(UInt16(scalar[0]))
    default:
      for scalar in String(decoding: scalar, as: UTF8.self).unicodeScalars { escape(scalar, isYAML) }
    }
  }

  private mutating func escape(_ scalar: Unicode.Scalar, _ isYAML: Bool) {
    if !scalar.isSteering {
      append(String(scalar))
    } else if isYAML && scalar.value > 0xFFFF {
      append("\\U000" + String(scalar.value, radix: 16))
    } else {
      for unit in String(scalar).utf16 { unicode(unit) }
    }
  }

  private mutating func unicode(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte &- 0x20 < 0x5F && byte != 0x22 && byte != 0x5C && byte != 0x3C && byte != 0x3E && byte != 0x26
  }
}
