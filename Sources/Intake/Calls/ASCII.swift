/// Bytes are compared where text would do: almost every string of an input passes here, and few hold an address.
extension UInt8 {
  var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }
  var isASCIILower: Bool { self >= 0x61 && self <= 0x7A }
  var isASCIIUpper: Bool { self >= 0x41 && self <= 0x5A }
  var isASCIIAlphanumeric: Bool { isASCIIDigit || isASCIILower || isASCIIUpper }
  /// Blank, tab and line breaks.
  var isASCIIBlank: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
}

extension String.UTF8View.SubSequence {
  /// Without blanks at either end.
  var withoutBlanks: Substring.UTF8View {
    var rest = drop(while: \.isASCIIBlank)
    while let last = rest.last, last.isASCIIBlank { rest.removeLast() }
    return rest
  }
}
