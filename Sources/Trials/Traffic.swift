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

/// Everything counted since the target was prepared. Counters only grow; windows are differences.
package struct TrafficSnapshot: Sendable, Equatable {
  /// Users' requests, by cohort.
  package var users: [Cohort: Tally] = [:]
  /// Calls with the failures that began at the target.
  package var edges: [Edge: Tally] = [:]

  package init() {}

  package var allUsers: Tally { users.values.reduce(Tally(), +) }

  /// What touches a workload: calls to it and from it, in one cohort.
  package func tally(around workload: ObjectReference, cohort: Cohort) -> Tally {
    edges.reduce(Tally()) { sum, entry in
      let touches = entry.key.caller == workload || entry.key.target == workload
      return touches && entry.key.cohort == cohort ? sum + entry.value : sum
    }
  }
}

/// The port that tells what users and callers experienced.
package protocol TrafficSource: Sendable {
  /// Cumulative counts up to now. Throws when the source is broken: no data is never good data.
  func snapshot() async throws -> TrafficSnapshot
}
