/// The trace id and flags of a W3C `traceparent` header; each hop writes a span id of its own.
package struct TraceContext: Sendable, Equatable {
  /// 32 lower-case hexadecimal digits, not all zero.
  package var traceID: String
  /// 2 lower-case hexadecimal digits.
  package var flags: String

  /// Nil where the header is not version 00 as the standard writes it; the receiver then starts a new trace.
  package init?(header: String) {
    let bytes = Array(header.utf8)
    let dash = UInt8(ascii: "-")
    guard bytes.count == 55, bytes[0] == UInt8(ascii: "0"), bytes[1] == UInt8(ascii: "0"), bytes[2] == dash,
      bytes[35] == dash, bytes[52] == dash, Self.isHex(bytes[3..<35]), Self.isHex(bytes[36..<52]),
      Self.isHex(bytes[53..<55]), bytes[3..<35].contains(where: { $0 != UInt8(ascii: "0") })
    else { return nil }
    traceID = String(decoding: bytes[3..<35], as: UTF8.self)
    flags = String(decoding: bytes[53..<55], as: UTF8.self)
  }

  /// A new, sampled trace. The two halves of the id are handed in, since this room has no randomness.
  package init(high: UInt64, low: UInt64) {
    traceID = Self.hex(high) + Self.hex(low | 1)
    flags = "01"
  }

  /// The header for one outgoing hop. The standard forbids span id 0, so 0 becomes 1.
  package func header(span: UInt64) -> String { "00-\(traceID)-\(Self.hex(max(span, 1)))-\(flags)" }

  private static func isHex(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func hex(_ value: UInt64) -> String {
    String(unsafeUninitializedCapacity: 16) { buffer in
      for index in 0..<16 {
        let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 0xf
        buffer[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
      }
      return 16
    }
  }
}
