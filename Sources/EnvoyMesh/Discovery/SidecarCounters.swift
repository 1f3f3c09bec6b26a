import Synchronization

/// One counter's growth, as Envoy's statsd sink writes it: `bulkhead.NAME:GROWTH|c`.
struct StatisticsLine: Equatable, Sendable {
  var name: String
  var growth: Int

  static let prefix = "bulkhead."

  /// Nil for what is no counter. A name may hold `|` but no `:`.
  init?(_ line: some Collection<UInt8>) {
    let text = String(decoding: line, as: UTF8.self)
    guard text.hasPrefix(Self.prefix), text.hasSuffix("|c"), let colon = text.lastIndex(of: ":") else { return nil }
    let value = text[text.index(after: colon)...].dropLast(2)
    guard let growth = Int(value), growth >= 0 else { return nil }
    name = String(text[..<colon].dropFirst(Self.prefix.count))
    self.growth = growth
  }
}

/// What sidecars have counted since this server began to listen, by pod. Growth that came while it was away is lost:
/// Envoy sends it once.
final class SidecarCounters: Sendable {
  private let state = Mutex<[String: [String: Int]]>([:])
  private static let mostPods = 20_000
  private static let mostNames = 2_000

  func add(_ lines: [StatisticsLine], of uid: String) {
    guard !lines.isEmpty else { return }
    state.withLock { state in
      guard state[uid] != nil || state.count < Self.mostPods else { return }
      var counts = state[uid] ?? [:]
      for line in lines where counts[line.name] != nil || counts.count < Self.mostNames {
        counts[line.name] = (counts[line.name] ?? 0).addingReportingOverflow(line.growth).partialValue
      }
      state[uid] = counts
    }
  }

  func of(_ uid: String) -> [String: Int] { state.withLock { $0[uid] ?? [:] } }
}
