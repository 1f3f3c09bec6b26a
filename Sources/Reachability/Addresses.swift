/// An IPv4 or IPv6 address.
package enum Address: Hashable, Sendable {
  case v4(UInt32)
  case v6(UInt128)

  /// Nil when the text is no address. An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is the IPv4 address.
  package init?(_ text: some StringProtocol) {
    if let value = IPv4.value(text) {
      self = .v4(value)
    } else if let value = IPv6.value(text) {
      self = value >> 32 == 0xFFFF ? .v4(UInt32(truncatingIfNeeded: value)) : .v6(value)
    } else {
      return nil
    }
  }
}

/// Addresses of both families.
package struct AddressSet: Hashable, Sendable {
  package var v4 = IntervalSet<UInt32>()
  package var v6 = IntervalSet<UInt128>()

  package static let everything = AddressSet(v4: .everything, v6: .everything)
  package init() {}
  private init(v4: IntervalSet<UInt32>, v6: IntervalSet<UInt128>) {
    self.v4 = v4
    self.v6 = v6
  }

  /// A block such as `10.0.0.0/8` or `fd00::/8`, or a single address; bits below the prefix do not count. Nil when the
  /// text is neither.
  package init?(block text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = Address(first) else { return nil }
    let width =
      switch address {
      case .v4: 32
      case .v6: 128
      }
    var length = width
    if parts.count == 2 {
      guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let given = Int(parts[1]), given <= width
      else { return nil }
      length = given
    }
    switch address {
    case .v4(let value):
      let mask: UInt32 = length == 0 ? 0 : ~0 << UInt32(32 - length)
      v4 = IntervalSet(value & mask, value | ~mask)
    case .v6(let value):
      let mask: UInt128 = length == 0 ? 0 : ~0 << UInt128(128 - length)
      v6 = IntervalSet(value & mask, value | ~mask)
    }
  }

  package var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

  package func contains(_ address: Address) -> Bool {
    switch address {
    case .v4(let value): v4.contains(value)
    case .v6(let value): v6.contains(value)
    }
  }

  package func union(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: v4.union(other.v4), v6: v6.union(other.v6))
  }
  package func subtracting(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: v4.subtracting(other.v4), v6: v6.subtracting(other.v6))
  }
}

package enum IPv4 {
  /// Four decimal parts without leading zeros (`010` is octal to some readers and decimal to others).
  package static func value(_ text: some StringProtocol) -> UInt32? {
    var result: UInt32 = 0
    var parts = 0
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part.utf8.count == 1 || part.utf8.first != 0x30, let number = UInt32(part), number < 256
      else { return nil }
      result = result &<< 8 | number
      parts += 1
      if parts > 4 { return nil }
    }
    return parts == 4 ? result : nil
  }

  package static func text(_ value: UInt32) -> String {
    "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
  }
}

package enum IPv6 {
  package static func value(_ text: some StringProtocol) -> UInt128? {
    guard text.utf8.count <= 45, text.contains(":") else { return nil }
    let text = String(text)
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    guard halves.count <= 2, let head = groups(halves[0], endsText: halves.count == 1) else { return nil }
    if halves.count == 1 { return head.count == 8 ? joined(head) : nil }
    guard let tail = groups(halves[1], endsText: true), head.count + tail.count <= 7 else { return nil }
    return joined(head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail)
  }

  private static func joined(_ groups: [UInt16]) -> UInt128 { groups.reduce(0) { $0 << 16 | UInt128($1) } }

  private static func groups(_ text: some StringProtocol, endsText: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    var result: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if endsText, index == parts.count - 1, part.contains("."), let value = IPv4.value(part) {
        result += [UInt16(value >> 16), UInt16(truncatingIfNeeded: value)]
        continue
      }
      guard (1...4).contains(part.utf8.count), part.utf8.first != 0x2B, let value = UInt16(part, radix: 16) else {
        return nil
      }
      result.append(value)
    }
    return result.count <= 8 ? result : nil
  }

  /// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`.
  package static func text(_ value: UInt128) -> String {
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > best.count { best = start..<end }
      start = max(end, start) + 1
    }
    func hex(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard best.count >= 2 else { return hex(groups[...]) }
    return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
  }
}
