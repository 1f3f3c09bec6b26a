/// Scalars in quotes.
extension ManifestScanner {
  /// The quoted scalar that begins here; the position moves behind it.
  mutating func quoted() throws(Declined) -> Token {
    let quote = bytes[position]
    let isSingle = quote == UInt8(ascii: "'")
    var token = Token(style: isSingle ? .singleQuoted : .doubleQuoted, line: line)
    var index = position + 1
    while index < bytes.count {
      let byte = bytes[index]
      if byte == quote {
        if isSingle && self.byte(index + 1) == quote { break }
        token.start = position + 1
        token.end = index
        position = index + 1
        return token
      }
      if byte == 0x0A || byte == UInt8(ascii: "\\") && !isSingle { break }
      index += 1
    }
    token.text = try quotedText(quote, isSingle: isSingle)
    return token
  }

  /// The text of a scalar with escapes or line breaks.
  private mutating func quotedText(_ quote: UInt8, isSingle: Bool) throws(Declined) -> String {
    scratch.removeAll(keepingCapacity: true)
    position += 1
    while true {
      if position == lineStart && isDocumentMarker(position) { throw Declined() }
      guard position < bytes.count else { throw Declined() }
      let lineWasEscaped = try quotedWord(quote, isSingle: isSingle)
      if byte(position) == quote {
        position += 1
        return String(decoding: scratch, as: UTF8.self)
      }
      quotedGap(lineWasEscaped)
    }
  }

  /// Goes over what is no blank, up to one or to the closing quote.
  ///
  /// - Returns: whether a line break with a backslash before it ended it.
  private mutating func quotedWord(_ quote: UInt8, isSingle: Bool) throws(Declined) -> Bool {
    while !isGap(position) {
      let byte = bytes[position]
      if byte == quote {
        guard isSingle && self.byte(position + 1) == quote else { return false }
        scratch.append(quote)
        position += 2
      } else if byte == UInt8(ascii: "\\") && !isSingle {
        if self.byte(position + 1) == 0x0A {
          startLine(at: position + 2)
          return true
        }
        try escape()
      } else {
        scratch.append(byte)
        position += 1
      }
    }
    return false
  }

  /// Joins blanks as they are, and folds line breaks.
  private mutating func quotedGap(_ lineWasEscaped: Bool) {
    let start = position
    var breaks = 0
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x0A {
        startLine(at: position + 1)
        breaks += 1
      } else if byte == 0x20 || byte == 0x09 {
        position += 1
      } else {
        break
      }
    }
    if lineWasEscaped {
      // The escaped break is no text; those after it are.
      scratch.append(contentsOf: repeatElement(0x0A, count: breaks))
    } else if breaks > 0 {
      fold(breaks)
    } else {
      scratch += bytes[start..<position]
    }
  }

  private mutating func escape() throws(Declined) {
    let name = byte(position + 1)
    position += 2
    switch name {
    case UInt8(ascii: "0"): scratch.append(0)
    case UInt8(ascii: "a"): scratch.append(0x07)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "t"), 0x09: scratch.append(0x09)
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "v"): scratch.append(0x0B)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "e"): scratch.append(0x1B)
    case UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "\\"): scratch.append(name)
    case UInt8(ascii: "N"): try append(0x85)
    case UInt8(ascii: "_"): try append(0xA0)
    case UInt8(ascii: "L"): try append(0x2028)
    case UInt8(ascii: "P"): try append(0x2029)
    case UInt8(ascii: "x"): try append(try hexadecimal(2))
    case UInt8(ascii: "u"): try append(try hexadecimal(4))
    case UInt8(ascii: "U"): try append(try hexadecimal(8))
    default: throw Declined()
    }
  }

  private mutating func hexadecimal(_ digits: Int) throws(Declined) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      let digit = byte(position)
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
      default: throw Declined()
      }
      position += 1
    }
    return value
  }

  /// Surrogates are an error. A byte order mark is one character to Yams in one place and none in another.
  private mutating func append(_ code: UInt32) throws(Declined) {
    guard code != 0xFEFF, let scalar = Unicode.Scalar(code) else { throw Declined() }
    scratch += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
  }
}
