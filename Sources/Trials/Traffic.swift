package import FleetModel
package import IntentModel

/// Requests and failures, as counted since some beginning.
package struct Tally: Sendable, Equatable, Codable, Hashable {
  package var n: Int
  package var errors: Int

  package init(n: Int = 0, errors: Int = 0) {
    self.n = n
    self.errors = errors
  }

  package static func + (left: Tally, right: Tally) -> Tally {
    Tally(n: left.n + right.n, errors: left.errors + right.errors)
  }
  package static func += (left: inout Tally, right: Tally) { left = left + right }
  package static func - (left: Tally, right: Tally) -> Tally {
    Tally(n: left.n - right.n, errors: left.errors - right.errors)
  }
}

/// Latencies by bucket, as counted since some beginning; the buckets are the source's.
package struct LatencyTally: Sendable, Equatable {
  /// Upper bounds in milliseconds, rising. The last bucket, beyond them all, has none.
  package var bounds: [Double]
  /// One more than there are bounds.
  package var counts: [Int]

  package init(bounds: [Double], counts: [Int]) {
    self.bounds = bounds
    self.counts = counts
  }

  /// Nil where the buckets differ.
  package func combined(with other: LatencyTally, _ combine: (Int, Int) -> Int) -> LatencyTally? {
    guard bounds == other.bounds, counts.count == other.counts.count else { return nil }
    return LatencyTally(bounds: bounds, counts: zip(counts, other.counts).map(combine))
  }
}

/// What a security source raised while users were served. One is enough to end a wave; it is never averaged.
package struct SecurityAlarm: Sendable, Equatable {
  /// The source: a sentry, a control, a probe.
  package var source: String
  package var text: String

  package init(source: String, text: String) {
    self.source = source
    self.text = text
  }
}

/// One call of the fleet as seen by the callers, for one group of users.
package struct Edge: Sendable, Hashable, Comparable {
  package var caller: ObjectReference
  package var target: ObjectReference
  package var cohort: Cohort

  package init(caller: ObjectReference, target: ObjectReference, cohort: Cohort) {
    self.caller = caller
    self.target = target
    self.cohort = cohort
  }

  package static func < (left: Edge, right: Edge) -> Bool {
    (left.caller, left.target, left.cohort.rawValue) < (right.caller, right.target, right.cohort.rawValue)
  }
}

/// Periods of a container's processor limit since it was started.
package struct LimitPeriods: Sendable, Equatable {
  package var all: Int
  /// Those in which a limit held up what wanted to run.
  package var held: Int

  package init(all: Int, held: Int) {
    self.all = all
    self.held = held
  }
}

/// Everything counted since the target was prepared. Counters only grow; windows are differences.
package struct TrafficSnapshot: Sendable, Equatable {
  /// Users' requests, by cohort.
  package var users: [Cohort: Tally] = [:]
  /// Calls with the failures that began at the target.
  package var edges: [Edge: Tally] = [:]
  /// How long calls took, as their callers saw it.
  package var latency: [Edge: LatencyTally] = [:]
  /// Everything raised so far, oldest first; empty where the target has no such source.
  package var alarms: [SecurityAlarm] = []
  /// Nil where the target does not know its machine, or has more than one.
  package var machine: MachineTime?

  package init() {}

  package var allUsers: Tally { users.values.reduce(Tally(), +) }

  /// What touches a workload: calls to it and from it, in one cohort.
  package func tally(around workload: ObjectReference, cohort: Cohort) -> Tally {
    edges.reduce(Tally()) { sum, entry in
      let touches = entry.key.caller == workload || entry.key.target == workload
      return touches && entry.key.cohort == cohort ? sum + entry.value : sum
    }
  }

  /// How long calls to a workload took, in one cohort: all that lies behind it included. Of a workload that nobody
  /// calls, the calls that it makes. Nil without any.
  package func latency(of workload: ObjectReference, cohort: Cohort) -> LatencyTally? {
    let isCalled = latency.keys.contains { $0.target == workload }
    let edges = latency.filter { edge, _ in
      edge.cohort == cohort && (isCalled ? edge.target == workload : edge.caller == workload)
    }
    return edges.sorted { $0.key < $1.key }.reduce(nil) { sum, entry in
      sum?.combined(with: entry.value, +) ?? entry.value
    }
  }

  /// Of these workloads, those that a call to `workload` may pass, itself included.
  package func passed(by workload: ObjectReference, of others: [ObjectReference]) -> Int {
    var (seen, open) = (Set([workload]), [workload])
    while let next = open.popLast() {
      for edge in edges.keys where edge.caller == next && seen.insert(edge.target).inserted { open.append(edge.target) }
    }
    return others.count { seen.contains($0) }
  }
}

/// The port that tells what users and callers experienced.
package protocol TrafficSource: Sendable {
  /// Cumulative counts up to now. Throws when the source is broken: no data is never good data.
  func snapshot() async throws -> TrafficSnapshot
  /// What processor limits have done up to now to those containers of a workload that run now, by container.
  func limitPeriods() async throws -> [ObjectReference: [String: LimitPeriods]]
}

extension TrafficSource {
  /// Most targets do not count it.
  package func limitPeriods() async throws -> [ObjectReference: [String: LimitPeriods]] { [:] }
}
