/// Which kinds of bytes a text has.
struct ByteKinds {
  let hasNonASCII: Bool
  let hasReturn: Bool
  /// A control character that no text has: all but tab, line feed and carriage return.
  let hasControl: Bool

  init(_ bytes: [UInt8]) {
    var (all, returns, controls): (UInt8, UInt8, UInt8) = (0, 0, 0)
    // No branch and nothing wider than a byte: this becomes a few vector instructions.
    for byte in bytes {
      all |= byte
      let isReturn: UInt8 = byte == 0x0D ? 1 : 0
      let isSpacing: UInt8 = (byte == 0x0A ? 1 : 0) | (byte == 0x09 ? 1 : 0) | isReturn
      let isLow: UInt8 = byte < 0x20 ? 1 : 0
      let isDelete: UInt8 = byte == 0x7F ? 1 : 0
      returns |= isReturn
      controls |= (isLow & ~isSpacing) | isDelete
    }
    hasNonASCII = all >= 0x80
    hasReturn = returns != 0
    hasControl = controls != 0
  }
}
