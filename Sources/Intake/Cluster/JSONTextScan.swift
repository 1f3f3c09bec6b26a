/// Runs along the bytes of a JSON text in quotes, eight at a time: most bytes of a list lie in texts.
enum JSONTextScan {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080
  private static let quotes = ones &* UInt64(UInt8(ascii: "\""))
  private static let escapes = ones &* UInt64(UInt8(ascii: "\\"))
  private static let blanks = ones &* 0x20

  /// The first quote or backslash from `start` on; `end` where there is none.
  static func delimiter(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
    var index = start
    while index + 8 <= end {
      let word = word(base + index)
      let found = zeros(word ^ quotes) | zeros(word ^ escapes)
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < end, base[index] != UInt8(ascii: "\""), base[index] != UInt8(ascii: "\\") { index += 1 }
    return index
  }

  /// The same, and control characters, which no text may hold.
  /// - Parameter seen: gets the bits of all bytes before that.
  static func special(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int, seen: inout UInt8) -> Int {
    var index = start
    var bits: UInt64 = 0
    while index + 8 <= end {
      let word = word(base + index)
      let controls = (word &- blanks) & ~word & highs
      let found = zeros(word ^ quotes) | zeros(word ^ escapes) | controls
      if found != 0 {
        let count = found.trailingZeroBitCount / 8
        bits |= word & ((1 << UInt64(count * 8)) &- 1)
        index += count
        if bits & highs != 0 { seen |= 0x80 }
        return index
      }
      bits |= word
      index += 8
    }
    if bits & highs != 0 { seen |= 0x80 }
    while index < end {
      let byte = base[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
      seen |= byte
      index += 1
    }
    return index
  }

  /// Differs for most texts that differ: length and first eight bytes.
  static func signature(of text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var first: UInt64 = 0
    if let base = text.baseAddress, text.count >= 8 {
      first = word(base)
    } else {
      for byte in text { first = first << 8 | UInt64(byte) }
    }
    return first ^ UInt64(text.count) &* 0x9E37_79B9_7F4A_7C15
  }

  /// The lowest byte comes first.
  private static func word(_ base: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(base).loadUnaligned(as: UInt64.self))
  }

  /// The high bit of each byte that is zero. Above the first one there may be more, by the borrow.
  private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }
}
