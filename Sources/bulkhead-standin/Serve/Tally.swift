import StandinProtocol

/// What happened since the last report. Belongs to the event loop.
final class Tally {
  private struct Count {
    var n = 0
    var errors = 0
    var inherited = 0
    var latency = LatencyHistogram()

    /// - Parameter milliseconds: nil for what never started.
    mutating func add(milliseconds: Double?, failed: Bool, inherited below: Bool = false) {
      n += 1
      if failed, !below { errors += 1 }
      if below { inherited += 1 }
      if let milliseconds { latency.record(milliseconds: milliseconds) }
    }

    mutating func clear() {
      (n, errors, inherited) = (0, 0, 0)
      latency.removeAll()
    }
  }

  private let targets: [String]
  /// Two entries per target: stable, canary.
  private var calls: [Count]
  private var served = [Count(), Count()]
  private var users = [Count(), Count()]
  private var sent = 0
  private var touched = false
  /// Everything since the beginning, for those who come and ask.
  private(set) var totals: StandinTotals

  /// - Parameter targets: without repetition, in the order of the reports.
  /// - Parameter playsUsers: users are counted from the beginning, even before the first has come.
  init(targets: [String], playsUsers: Bool = false) {
    self.targets = targets
    totals = StandinTotals(targets: targets, playsUsers: playsUsers)
    calls = Array(repeating: Count(), count: targets.count * 2)
  }

  func called(target: Int, canary: Bool, milliseconds: Double, origin: String?) {
    let below = origin != nil && origin != targets[target]
    calls[target * 2 + (canary ? 1 : 0)].add(milliseconds: milliseconds, failed: origin != nil, inherited: below)
    totals.calls[target].add(failed: origin != nil && !below)
    touched = true
  }

  func served(canary: Bool, milliseconds: Double, failed: Bool) {
    served[canary ? 1 : 0].add(milliseconds: milliseconds, failed: failed)
    totals.served.add(failed: failed)
    touched = true
  }

  /// A user's request was due; what becomes of it is counted when it has ended.
  func userSends() {
    sent += 1
    touched = true
  }

  func user(canary: Bool, milliseconds: Double?, failed: Bool) {
    users[canary ? 1 : 0].add(milliseconds: milliseconds, failed: failed)
    totals.users?.add(failed: failed)
    touched = true
  }

  /// Everything since the last call; nil when nothing happened.
  func take() -> Counters? {
    guard touched else { return nil }
    touched = false
    var counters = Counters()
    for index in calls.indices where calls[index].n > 0 {
      let count = calls[index]
      counters.calls.append(
        .init(
          target: targets[index / 2], canary: index % 2 == 1, n: count.n, errors: count.errors,
          inherited: count.inherited, latency: count.latency.pairs))
      calls[index].clear()
    }
    counters.served = Self.take(&served)
    counters.users = Self.take(&users)
    if sent > 0 { counters.sent = sent }
    sent = 0
    return counters
  }

  private static func take(_ counts: inout [Count]) -> [Counters.ServedCount] {
    var taken: [Counters.ServedCount] = []
    for index in counts.indices where counts[index].n > 0 {
      let count = counts[index]
      taken.append(.init(canary: index == 1, n: count.n, errors: count.errors, latency: count.latency.pairs))
      counts[index].clear()
    }
    return taken
  }
}
