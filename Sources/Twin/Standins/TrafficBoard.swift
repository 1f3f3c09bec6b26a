package import FleetModel
import IntentModel
import StandinProtocol
import Synchronization
package import Trials

/// Adds up what all stand-ins report. Counters only grow; a reader takes differences.
package final class TrafficBoard: Sendable {
  private struct State {
    var snapshot = TrafficSnapshot()
    /// Latency of each call since the beginning, by caller and target.
    var latency: [Pair: LatencyHistogram] = [:]
    /// The same by cohort, too.
    var edgeLatency: [Edge: LatencyHistogram] = [:]
    var userLatency = LatencyHistogram()
    var lastReport: ContinuousClock.Instant?
    /// Calls made so far, by pod and target.
    var callsMade: [String: [String: Int]] = [:]
    /// Requests served so far, by pod.
    var served: [String: Int] = [:]
    /// Users' requests that were due so far.
    var usersSent = 0
  }

  struct Pair: Hashable, Sendable {
    var caller: ObjectReference
    var target: ObjectReference
  }

  private let state = Mutex(State())
  private let others: [ObjectReference: [ObjectReference]]

  /// - Parameter others: who else answers calls to a workload. A stand-in does not know which of them it met, so that
  ///   each counts for all: a bad one is seen, if with the good ones' traffic beside it.
  package init(others: [ObjectReference: [ObjectReference]] = [:]) { self.others = others }

  func add(_ counters: Counters, from caller: ObjectReference, pod: String) {
    state.withLock { state in
      for call in counters.calls { state.callsMade[pod, default: [:]][call.target, default: 0] += call.n }
      state.served[pod, default: 0] += counters.served.reduce(0) { $0 + $1.n }
      state.usersSent += counters.sent ?? 0
      state.lastReport = .now
      for users in counters.users {
        state.snapshot.users[users.canary ? .canary : .stable, default: Tally()] += Tally(
          n: users.n, errors: users.errors)
        state.userLatency.merge(LatencyHistogram(pairs: users.latency) ?? LatencyHistogram())
      }
      for call in counters.calls {
        guard let first = ObjectReference(parsing: call.target) else { continue }
        let latency = LatencyHistogram(pairs: call.latency) ?? LatencyHistogram()
        for target in [first] + (others[first] ?? []) {
          let edge = Edge(caller: caller, target: target, cohort: call.canary ? .canary : .stable)
          state.snapshot.edges[edge, default: Tally()] += Tally(n: call.n, errors: call.errors)
          state.latency[Pair(caller: caller, target: target), default: LatencyHistogram()].merge(latency)
          state.edgeLatency[edge, default: LatencyHistogram()].merge(latency)
        }
      }
    }
  }

  func callsMade(by pod: String, to target: ObjectReference) -> Int {
    state.withLock { $0.callsMade[pod]?["\(target)"] ?? 0 }
  }
  /// Whether calls to `target` may be answered by `other` as well.
  func answers(_ target: ObjectReference, others other: ObjectReference) -> Bool {
    others[target]?.contains(other) ?? false
  }
  var usersSent: Int { state.withLock(\.usersSent) }
  func served(by pod: String) -> Int { state.withLock { $0.served[pod] ?? 0 } }

  package var snapshot: TrafficSnapshot {
    state.withLock { state in
      var snapshot = state.snapshot
      snapshot.latency = state.edgeLatency.mapValues(Self.tally)
      return snapshot
    }
  }

  private static let bounds = (1...LatencyHistogram.lastBucket).map(LatencyHistogram.lowerBound)

  private static func tally(_ histogram: LatencyHistogram) -> LatencyTally {
    var counts = Array(repeating: 0, count: bounds.count + 1)
    for pair in histogram.pairs { counts[pair[0]] = pair[1] }
    return LatencyTally(bounds: bounds, counts: counts)
  }

  /// How long ago a stand-in last reported; nil when none has.
  var silence: Duration? { state.withLock(\.lastReport).map { .now - $0 } }

  func latency(_ caller: ObjectReference, _ target: ObjectReference) -> LatencyHistogram {
    state.withLock { $0.latency[Pair(caller: caller, target: target)] ?? LatencyHistogram() }
  }

  var userLatency: LatencyHistogram { state.withLock(\.userLatency) }
}
