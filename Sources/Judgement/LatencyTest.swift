import Foundation

/// What a sidecar may cost: the larger of some milliseconds and a share of the baseline's quantile.
package struct MeshBudget: Codable, Sendable, Equatable {
  package var milliseconds: Double
  package var share: Double
  /// How many sidecars a request newly passes.
  package var hops: Int
  /// Whether one more hop may cost as much as hops of this machine vary: p99 - p50 of the warm-up. A busy machine
  /// delays every hop; without this, the judge would find that it is busy.
  package var includesSpread: Bool
  /// Beyond this, in milliseconds, the spread counts for nothing more: a machine that stalls would excuse any canary.
  /// Nil: without a bound.
  package var mostSpread: Double?

  package init(
    milliseconds: Double = 5, share: Double = 0.1, hops: Int = 1, includesSpread: Bool = false,
    mostSpread: Double? = nil
  ) {
    self.milliseconds = milliseconds
    self.share = share
    self.hops = max(1, hops)
    self.includesSpread = includesSpread
    self.mostSpread = mostSpread
  }

  /// - Parameter spread: p99 - p50 of the baseline's warm-up, in milliseconds.
  package func allowance(for quantile: Double, spread: Double = 0) -> Double {
    let counted = includesSpread && spread.isFinite ? min(spread, mostSpread ?? spread) : 0
    return max(milliseconds, counted, share * quantile) * Double(hops)
  }

  package var isValid: Bool {
    milliseconds >= 0 && milliseconds <= 1e6 && share >= 0 && share <= 100 && mostSpread ?? 0 >= 0
  }
}

/// How latency is judged.
package struct LatencySettings: Codable, Sendable, Equatable {
  package var budget: MeshBudget
  /// A share of slow requests may grow by this factor.
  package var margin: Double
  /// The baseline's latencies from which the thresholds are taken. Fewer than 1,000 put the p99.9 anywhere; that costs
  /// time to detect, not validity.
  package var warmUpRequests: Int
  /// Looks before which latency shows no regression: one stall of one pod must not.
  package var minimumLooks: Int

  package init(
    budget: MeshBudget = MeshBudget(), margin: Double = 1, warmUpRequests: Int = 1000, minimumLooks: Int = 0
  ) {
    self.budget = budget
    self.margin = margin
    self.warmUpRequests = warmUpRequests
    self.minimumLooks = minimumLooks
  }
}

/// Is the canary slower than the baseline by more than the mesh may cost (formula 6's exceedance test)?
///
/// Thresholds are the baseline's p50, p90, p99 and p99.9 of a warm-up, then fixed. From there on, requests slower
/// than the threshold are counted in the baseline, and those slower than threshold plus budget in the canary; each
/// quantile has its one-sided test. E is the mean of the four: valid although they share their requests. p99.9
/// is there because a slow tail of 1 % doubles what is beyond p99, but multiplies what is beyond p99.9 by ten.
package struct LatencyTest: Codable, Sendable, Equatable {
  package static let quantiles: [Double] = [0.5, 0.9, 0.99, 0.999]

  package let settings: LatencySettings
  /// Empty until the warm-up is over.
  package private(set) var levels: [LatencyLevel] = []
  /// Looks that could not be judged, and why the latest of them.
  package private(set) var refused = 0
  package private(set) var lastProblem: String?
  private var warmUp: LatencyCounts?

  package init(settings: LatencySettings = LatencySettings()) { self.settings = settings }

  /// For a sender who counts beyond thresholds of its own, the canary's budget included; no warm-up.
  package init(thresholds: Int, settings: LatencySettings = LatencySettings()) {
    self.settings = settings
    levels = (0..<max(1, min(thresholds, 16))).map { _ in
      LatencyLevel(level: nil, threshold: nil, limit: nil, margin: settings.margin)
    }
  }

  /// Latencies since the look before, in the same buckets as ever. During the warm-up the baseline's set the
  /// thresholds, the canary's are not judged. The look that ends the warm-up is its last.
  package mutating func add(baseline: LatencyCounts, canary: LatencyCounts) {
    guard baseline.bounds == canary.bounds else { return refuse("the arms' latency buckets differ") }
    guard !levels.isEmpty else { return warm(baseline) }
    if let warmUp, warmUp.bounds != baseline.bounds { return refuse("the latency buckets changed") }
    let (requests, others) = (baseline.total, canary.total)
    for index in levels.indices {
      let slow = levels[index].threshold.map(baseline.slower) ?? 0
      let slower = levels[index].limit.map(canary.slower) ?? 0
      add(
        Look(
          baseline: ArmCount(requests: requests, errors: slow), canary: ArmCount(requests: others, errors: slower)),
        to: index)
    }
  }

  /// Requests of each arm beyond the sender's thresholds since the look before.
  package mutating func add(_ look: Look, baselineOver: [Int], canaryOver: [Int]) {
    guard baselineOver.count == levels.count, canaryOver.count == levels.count else {
      return refuse("the number of thresholds changed")
    }
    for index in levels.indices {
      add(
        Look(
          baseline: ArmCount(requests: look.baseline.requests, errors: baselineOver[index]),
          canary: ArmCount(requests: look.canary.requests, errors: canaryOver[index])), to: index)
    }
  }

  private mutating func add(_ look: Look, to index: Int) {
    if !levels[index].add(look) { refuse("slow requests: \(look.problem ?? "the counts add up to too many")") }
  }

  private mutating func refuse(_ why: String) {
    refused += 1
    lastProblem = why
  }

  /// More of the baseline for the warm-up; nothing once the thresholds stand.
  package mutating func warmUp(_ baseline: LatencyCounts) {
    if levels.isEmpty { warm(baseline) }
  }

  private mutating func warm(_ counts: LatencyCounts) {
    guard let sum = warmUp?.adding(counts) ?? (warmUp == nil ? counts : nil) else {
      return refuse("the latency buckets changed")
    }
    warmUp = sum
    guard sum.total >= max(1, settings.warmUpRequests) else { return }
    let spread = (sum.quantile(0.99) ?? 0) - (sum.quantile(0.5) ?? 0)
    levels = Self.quantiles.map { level in
      let threshold = sum.quantile(level).flatMap { $0.isFinite ? $0 : nil }
      let limit = threshold.map { sum.bound(notBelow: $0 + settings.budget.allowance(for: $0, spread: spread)) }
      return LatencyLevel(
        level: level, threshold: threshold, limit: limit.flatMap { $0.isFinite ? $0 : nil }, margin: settings.margin)
    }
    // Only its buckets are needed from here on.
    warmUp = LatencyCounts(bounds: sum.bounds, counts: Array(repeating: 0, count: sum.counts.count))
  }

  /// ln E against "beyond none of the thresholds is the canary slower by more than the budget". Thresholds at which
  /// slow requests come in bursts count for nothing; leaving evidence out keeps the bound on false alarms.
  package var logE: Double {
    guard !levels.isEmpty else { return 0 }
    return WaveEvidence.mean(levels.map { counts($0) ? $0.logESlower : -.infinity })
  }

  private func counts(_ level: LatencyLevel) -> Bool {
    level.looks >= settings.minimumLooks && level.voidBecause == nil
  }

  /// True when beyond every threshold the canary is shown not to be slower.
  package func isNoSlower(beta: Double) -> Bool {
    !levels.isEmpty && levels.allSatisfy { $0.logENoSlower >= -log(beta) }
  }

  package var evidence: [LatencyEvidence] { levels.map(LatencyEvidence.init) }

  /// Bursts of slow requests, which void the evidence.
  package var voidBecause: String? {
    guard let level = levels.first(where: { $0.voidBecause != nil }) else { return nil }
    let name = level.level.map { "beyond p\(shortest($0 * 100))" } ?? "beyond a threshold"
    return "slow requests \(name) come in bursts and are not judged"
  }

  package var missing: [String] {
    var reasons: [String] = []
    if let lastProblem { reasons.append("latency: \(refused) looks left out; the latest: \(lastProblem)") }
    guard let first = levels.first else {
      return reasons + [
        "latency: warm-up with \(warmUp?.total ?? 0) of \(settings.warmUpRequests) requests of the baseline"
      ]
    }
    if first.baseline.requests == 0 || first.canary.requests == 0 {
      let arm = first.baseline.requests == 0 ? "the baseline" : "the canary"
      reasons.append("no latencies of \(arm) since the warm-up")
    }
    for level in levels where level.level != nil && level.limit == nil {
      reasons.append("latency: p\(shortest((level.level ?? 0) * 100)) plus budget is beyond the last bucket")
    }
    return reasons
  }

  private func shortest(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
