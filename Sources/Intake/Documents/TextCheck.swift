import Diagnostics

/// Refuses what is no UTF-8 text, with one message that says what it is instead.
enum TextCheck {
  /// What is wrong with the bytes of a file, and the line where; nil when they are text.
  static func problem(in bytes: [UInt8]) -> (line: Int, message: String, fix: String)? {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) || looksLikeUTF16(bytes) {
      return (1, "the file is UTF-16 text; Kubernetes reads UTF-8", "convert it: iconv -f UTF-16 -t UTF-8 FILE")
    }
    let kinds = ByteKinds(bytes)
    if kinds.hasControl { return control(in: bytes) }
    guard kinds.hasNonASCII else { return nil }
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    return (
      lineOfInvalidUTF8(bytes), "the file is not valid UTF-8: it is binary, damaged or in another encoding",
      "convert it to UTF-8"
    )
  }

  private static func control(in bytes: [UInt8]) -> (line: Int, message: String, fix: String)? {
    var line = 1
    for byte in bytes {
      if byte == 0x0A {
        line += 1
      } else if byte < 0x20 && byte != 0x09 && byte != 0x0D || byte == 0x7F {
        let what = byte == 0 ? "a NUL byte" : "the control character 0x\(String(byte, radix: 16))"
        return (line, "the file holds \(what): it is binary or damaged, not YAML or JSON", "name a text file")
      }
    }
    return nil
  }

  private static func looksLikeUTF16(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 4 else { return false }
    let zeros = bytes.prefix(64).enumerated().filter { $0.element == 0 }.map { $0.offset % 2 }
    return zeros.count >= min(bytes.count, 64) / 2 - 2 && zeros.count > 1 && Set(zeros).count == 1
  }

  private static func lineOfInvalidUTF8(_ bytes: [UInt8]) -> Int {
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    where String(validating: line, as: UTF8.self) == nil {
      return index + 1
    }
    return 1
  }
}
