import IntentModel
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
      (self.name, growth) = ("\(name).\(LatencyBuckets.name(milliseconds: milliseconds))", 1)
    } else {
      return nil
    }
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
