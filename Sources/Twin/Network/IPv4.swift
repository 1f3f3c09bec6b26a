/// An IPv4 address. The twin's network has no IPv6.
package struct IPv4Address: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var bits: UInt32

  package init(bits: UInt32) { self.bits = bits }

  package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    bits = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  /// Dotted quad with four decimal parts and nothing else; nil for any other text.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
        let byte = UInt8(part)
      else { return nil }
      bits = bits << 8 | UInt32(byte)
    }
    self.bits = bits
  }

  package var description: String {
    "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
  }

  package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.bits < right.bits }
}

/// A closed range of addresses.
package struct IPv4Range: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var low: IPv4Address
  package var high: IPv4Address

  package static let everything = IPv4Range(IPv4Address(bits: 0), IPv4Address(bits: .max))

  /// `low` must not lie above `high`.
  package init(_ low: IPv4Address, _ high: IPv4Address) {
    precondition(low <= high, "a range runs upwards")
    self.low = low
    self.high = high
  }

  package init(_ address: IPv4Address) { self.init(address, address) }

  /// `a.b.c.d/n`, or one address; host bits below the prefix are ignored, as Kubernetes does.
  package init?(cidr text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let first = parts.first, parts.count <= 2, let address = IPv4Address(first) else { return nil }
    var length = 32
    if parts.count == 2 {
      guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let given = Int(parts[1]), given <= 32 else {
        return nil
      }
      length = given
    }
    let hosts: UInt32 = length == 0 ? .max : (1 << UInt32(32 - length)) - 1
    self.init(IPv4Address(bits: address.bits & ~hosts), IPv4Address(bits: address.bits | hosts))
  }

  package func contains(_ address: IPv4Address) -> Bool { low <= address && address <= high }

  package var description: String { low == high ? "\(low)" : "\(low)-\(high)" }

  package static func < (left: IPv4Range, right: IPv4Range) -> Bool {
    (left.low, left.high) < (right.low, right.high)
  }
}

extension [IPv4Range] {
  /// The same addresses as sorted, disjoint, maximal ranges.
  var merged: [IPv4Range] {
    var result: [IPv4Range] = []
    for range in sorted() {
      if let last = result.last, last.high.bits == .max || range.low.bits <= last.high.bits + 1 {
        result[result.count - 1].high = Swift.max(last.high, range.high)
      } else {
        result.append(range)
      }
    }
    return result
  }

  /// The addresses of these ranges that lie in none of `others`.
  func subtracting(_ others: [IPv4Range]) -> [IPv4Range] {
    var rest = merged
    for other in others {
      rest = rest.flatMap { range -> [IPv4Range] in
        guard other.high >= range.low, other.low <= range.high else { return [range] }
        var pieces: [IPv4Range] = []
        if other.low > range.low { pieces.append(IPv4Range(range.low, IPv4Address(bits: other.low.bits - 1))) }
        if other.high < range.high { pieces.append(IPv4Range(IPv4Address(bits: other.high.bits + 1), range.high)) }
        return pieces
      }
    }
    return rest
  }

  func contains(address: IPv4Address) -> Bool { contains { $0.contains(address) } }
}
