/// The form that nearly every amount is written in: digits and one suffix, such as `250m`, `64Mi` or `2`. Read without
/// any text being made; everything else is a `Quantity`.
struct PlainAmount {
  /// Thousandths of a unit; nil beyond 64 bits.
  let milli: Int?
  /// Whole units, rounded up.
  let units: Int

  init?(_ text: String) {
    var number = 0
    var digits = 0
    var rest = text.utf8[...]
    // A leading zero may mean octal.
    guard let first = rest.first, first.isASCIIDigit, first != 0x30 || rest.count == 1 else { return nil }
    while let digit = rest.first, digit.isASCIIDigit {
      guard digits < 12 else { return nil }
      number = number * 10 + Int(digit - 0x30)
      digits += 1
      rest.removeFirst()
    }
    guard let first = rest.first else {
      (milli, units) = (number * 1000, number)
      return
    }
    if first == UInt8(ascii: "m"), rest.count == 1 {
      (milli, units) = (number, (number + 999) / 1000)
      return
    }
    guard let factor = Self.factor(rest) else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    units = product
    let (thousands, tooMany) = product.multipliedReportingOverflow(by: 1000)
    milli = tooMany ? nil : thousands
  }

  private static func factor(_ suffix: Substring.UTF8View) -> Int? {
    guard let last = suffix.last, suffix.count == 1 || (suffix.count == 2 && last == UInt8(ascii: "i")) else {
      return nil
    }
    let isBinary = suffix.count == 2
    switch suffix.first {
    case UInt8(ascii: "K") where isBinary: return 1 << 10
    case UInt8(ascii: "k") where !isBinary: return 1000
    case UInt8(ascii: "M"): return isBinary ? 1 << 20 : 1_000_000
    case UInt8(ascii: "G"): return isBinary ? 1 << 30 : 1_000_000_000
    case UInt8(ascii: "T"): return isBinary ? 1 << 40 : 1_000_000_000_000
    default: return nil
    }
  }
}
