/// What a stand-in has counted since its beginning, as it answers to `GET /.bulkhead/counters`.
package struct StandinTotals: Codable, Sendable, Equatable {
  package struct Count: Codable, Sendable, Equatable {
    package var n = 0
    package var errors = 0

    package init() {}

    package mutating func add(failed: Bool) {
      n += 1
      if failed { errors += 1 }
    }
  }

  package struct Call: Codable, Sendable, Equatable {
    package var target: String
    package var n = 0
    /// Failures that began at the target.
    package var errors = 0

    package init(target: String) { self.target = target }

    package mutating func add(failed: Bool) {
      n += 1
      if failed { errors += 1 }
    }
  }

  package var served = Count()
  package var calls: [Call]
  /// Of one that plays users.
  package var users: Count?

  package init(targets: [String], playsUsers: Bool) {
    calls = targets.map(Call.init)
    users = playsUsers ? Count() : nil
  }
}
