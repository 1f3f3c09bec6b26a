import Synchronization

/// One counter's growth, as Envoy's statsd sink writes it: `bulkhead.NAME:GROWTH|c`; or how long one request took:
/// `bulkhead.NAME:MILLISECONDS|ms`, which counts as one more of those that took up to so long.
struct StatisticsLine: Equatable, Sendable {
  var name: String
  var growth: Int

  static let prefix = "bulkhead."
  /// Of requests that came in: of all that have a time, these alone are judged by.
  private static let timed = (prefix: "http.in_", suffix: ".downstream_rq_time")

  /// Nil for what is neither. A name may hold `|` but no `:`.
  init?(_ line: some Collection<UInt8>) {
    let text = String(decoding: line, as: UTF8.self)
    guard text.hasPrefix(Self.prefix), let colon = text.lastIndex(of: ":") else { return nil }
    let name = String(text[..<colon].dropFirst(Self.prefix.count))
    let value = text[text.index(after: colon)...]
    if value.hasSuffix("|c"), let growth = Int(value.dropLast(2)), growth >= 0 {
      (self.name, self.growth) = (name, growth)
    } else if value.hasSuffix("|ms"), name.hasPrefix(Self.timed.prefix), name.hasSuffix(Self.timed.suffix),
      let milliseconds = Double(value.dropLast(3)), milliseconds >= 0
    {
      let bound = LatencyBuckets.bounds.first { Double($0) >= milliseconds }
      (self.name, growth) = ("\(name).\(bound.map { "le_\($0)" } ?? LatencyBuckets.beyond)", 1)
    } else {
      return nil
    }
  }
}

/// How times of requests are told: as counters of their own, `NAME.le_25` for those above 20 and up to 25 ms.
package enum LatencyBuckets {
  /// In milliseconds.
  package static let bounds = [
    1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 125, 150, 175, 200, 250, 300, 400, 500, 750,
    1_000,
    1_500, 2_000, 3_000, 5_000, 10_000, 30_000,
  ]
  package static let beyond = "le_more"
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
