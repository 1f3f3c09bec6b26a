/// A Kubernetes quantity such as `100m`, `64Mi`, `1e3` or `0.5`, exact to the nano-unit (finer parts are rounded up, as
/// the API server does).
package struct Quantity: Equatable, Sendable {
  /// Billionths of a unit.
  package let nano: Int128

  package init?(_ text: String) {
    var rest = Substring(text).utf8
    guard rest.count <= 64 else { return nil }
    let negative = rest.first == UInt8(ascii: "-")
    if negative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    var mantissa: Int128 = 0
    var digits = Self.digits(&rest, &mantissa)
    var fraction: Int? = 0
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      fraction = Self.digits(&rest, &mantissa)
      digits = digits.flatMap { whole in fraction.map { whole + $0 } }
    }
    guard let digits, digits > 0, let fraction, let (factor, exponent) = Self.suffix(Substring(rest)),
      let scaled = Self.scale(mantissa, by: factor, exponent: exponent - fraction + 9)
    else { return nil }
    nano = negative ? -scaled : scaled
  }

  /// Appends the digits at the front to `mantissa`; how many there are, and nil beyond 128 bits.
  private static func digits(_ rest: inout Substring.UTF8View, _ mantissa: inout Int128) -> Int? {
    var count = 0
    while let byte = rest.first, byte.isDigit {
      let (tens, overflow) = mantissa.multipliedReportingOverflow(by: 10)
      let (sum, overflowed) = tens.addingReportingOverflow(Int128(byte - UInt8(ascii: "0")))
      guard !overflow, !overflowed else { return nil }
      mantissa = sum
      rest = rest.dropFirst()
      count += 1
    }
    return count
  }

  /// Thousandths of a unit, rounded up; nil beyond 64 bits.
  package var milli: Int? { rounded(1_000_000) }
  /// Whole units, rounded up; nil beyond 64 bits.
  package var units: Int? { rounded(1_000_000_000) }

  private func rounded(_ divisor: Int128) -> Int? {
    let (quotient, remainder) = nano.quotientAndRemainder(dividingBy: divisor)
    return Int(exactly: remainder > 0 ? quotient + 1 : quotient)
  }

  /// The suffix as a factor and a power of ten.
  private static func suffix(_ text: Substring) -> (factor: Int128, exponent: Int)? {
    switch text {
    case "": return (1, 0)
    case "n": return (1, -9)
    case "u": return (1, -6)
    case "m": return (1, -3)
    case "k": return (1, 3)
    case "M": return (1, 6)
    case "G": return (1, 9)
    case "T": return (1, 12)
    case "P": return (1, 15)
    case "E": return (1, 18)
    case "Ki": return (1 << 10, 0)
    case "Mi": return (1 << 20, 0)
    case "Gi": return (1 << 30, 0)
    case "Ti": return (1 << 40, 0)
    case "Pi": return (1 << 50, 0)
    case "Ei": return (1 << 60, 0)
    default: break
    }
    guard text.hasPrefix("e") || text.hasPrefix("E"), let exponent = Int(text.dropFirst()), abs(exponent) <= 64 else {
      return nil
    }
    return (1, exponent)
  }

  private static func scale(_ mantissa: Int128, by factor: Int128, exponent: Int) -> Int128? {
    var (value, overflow) = mantissa.multipliedReportingOverflow(by: factor)
    var lost = false
    for _ in 0..<abs(exponent) {
      guard !overflow else { return nil }
      if value == 0 { break }
      if exponent > 0 {
        (value, overflow) = value.multipliedReportingOverflow(by: 10)
      } else {
        lost = lost || value % 10 != 0
        value /= 10
      }
    }
    return overflow ? nil : value + (lost ? 1 : 0)
  }
}
