import FleetModel

/// The ports of one allowance: every protocol there is, or sorted, disjoint, maximal ranges per transport.
struct PortMatch: Sendable, Hashable {
  /// Every protocol, those without ports included.
  var everything = false
  private(set) var ranges: [Transport: [ClosedRange<Int>]] = [:]

  static let everything = PortMatch(everything: true)

  var isEmpty: Bool { !everything && ranges.isEmpty }

  /// Bounds outside 0 to 65535 are cut off; a range that ends before it starts adds nothing.
  mutating func insert(_ transport: Transport, _ low: Int, _ high: Int) {
    let low = max(low, 0)
    let high = min(high, 65535)
    guard low <= high else { return }
    var merged: [ClosedRange<Int>] = []
    for range in ((ranges[transport] ?? []) + [low...high]).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges[transport] = merged
  }

  func contains(_ transport: Transport, _ port: Int) -> Bool {
    everything || ranges[transport]?.contains { $0.contains(port) } ?? false
  }

  /// One nft match per transport; `[""]` where every packet matches.
  var nftMatches: [String] {
    if everything { return [""] }
    return [Transport.tcp, .udp, .sctp].compactMap { transport in
      guard let ranges = ranges[transport] else { return nil }
      if ranges == [0...65535] { return "meta l4proto \(transport.nftName) " }
      let texts = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      return "\(transport.nftName) dport \(NftText.set(texts)) "
    }
  }

  /// A fixed order, for texts that come out the same every time.
  var sortKey: String { nftMatches.joined() }
}
