package import FleetModel
import Judgement
package import Trials

/// A call of the fleet that took far longer while a fault lasted than before it. Where users give up before anything
/// fails, it says where they waited.
package struct SlowCall: Sendable, Equatable, Codable {
  package var caller: ObjectReference
  package var target: ObjectReference
  /// Half of the calls took no longer than this, in milliseconds.
  package var medianBefore: Double
  package var medianDuring: Double

  package static let leastTimes = 4.0
  package static let leastMilliseconds = 50.0

  package var text: String {
    "\(caller.name) → \(target.name) (median \(CanaryGate.tenths(medianDuring)) ms, "
      + "\(CanaryGate.tenths(medianBefore)) ms before)"
  }

  /// The slow calls behind which no other call is slow, the slowest first: a slow call makes its callers slow, too.
  /// - Parameters:
  ///   - calm: some time before the fault, from which on calls count as those before it.
  ///   - start: when the fault began.
  package static func between(calm: TrafficSnapshot, start: TrafficSnapshot, end: TrafficSnapshot) -> [SlowCall] {
    let slow = Set(end.latency.keys.map(Pair.init)).compactMap { pair -> SlowCall? in
      guard let before = start.median(of: pair, since: calm), let during = end.median(of: pair, since: start),
        during >= before * leastTimes, during >= before + leastMilliseconds
      else { return nil }
      return SlowCall(caller: pair.caller, target: pair.target, medianBefore: before, medianDuring: during)
    }
    let deepest = slow.filter { call in !slow.contains { $0.caller == call.target && $0.target != call.target } }
    // Of a circle of calls none is the deepest.
    return (deepest.isEmpty ? slow : deepest)
      .sorted { ($1.medianDuring, $0.caller, $0.target) < ($0.medianDuring, $1.caller, $1.target) }
  }
}

private struct Pair: Hashable {
  var caller: ObjectReference
  var target: ObjectReference

  init(_ edge: Edge) { (caller, target) = (edge.caller, edge.target) }
}

extension TrafficSnapshot {
  /// In milliseconds, at most the last bound; nil without a call since `earlier`.
  fileprivate func median(of pair: Pair, since earlier: TrafficSnapshot) -> Double? {
    guard let now = latency(of: pair) else { return nil }
    guard let grown = earlier.latency(of: pair).map({ now.combined(with: $0, -) }) ?? now else { return nil }
    let median = LatencyCounts(bounds: grown.bounds, counts: grown.counts)?.quantile(0.5)
    return median.map { min($0, grown.bounds.last ?? $0) }
  }

  /// Of all cohorts together; nil without a call.
  private func latency(of pair: Pair) -> LatencyTally? {
    latency.filter { Pair($0.key) == pair }.sorted { $0.key < $1.key }
      .reduce(nil) { sum, entry in sum?.combined(with: entry.value, +) ?? entry.value }
  }
}
