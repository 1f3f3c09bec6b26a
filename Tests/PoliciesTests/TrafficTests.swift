import FleetModel
import TestSupport
import Testing

@testable import Policies

/// Retries stay within the bound on every path; the rest follows from figures or from stated defaults.
struct TrafficTests {
  /// By walking every simple path from every node.
  private static func worst(_ calls: [[Int]], _ attempts: [Int]) -> Int {
    func walk(_ node: Int, _ seen: Set<Int>, _ product: Int) -> Int {
      let own = product * attempts[node]
      let further = calls[node].filter { !seen.contains($0) }.map { walk($0, seen.union([$0]), own) }
      return max(own, further.max() ?? own)
    }
    return calls.indices.map { walk($0, [$0], 1) }.max() ?? 1
  }

  @Test func randomGraphsKeepTheBound() {
    var random = SplitMix64(3)
    var raised = 0
    for _ in 0..<Support.rounds(200) {
      let count = 1 + random.below(8)
      let density = random.pick([10, 25, 40])
      let calls = (0..<count).map { from in (0..<count).filter { $0 != from && random.chance(density) } }
      let limit = 1 + random.below(6)
      let wishes = (0..<count).map { _ in Double(random.below(4)) }
      let bound = RetryBound(calls, limit: limit)
      let attempts = bound.attempts(wishes: wishes, canRetry: (0..<count).map { _ in random.chance(80) })
      #expect(Self.worst(calls, attempts) <= limit)
      #expect(bound.worst(attempts) == Self.worst(calls, attempts), "\(calls) \(attempts)")
      // Around a cycle the product would have no bound.
      let groups = StrongGroups(calls)
      for node in calls.indices where groups.sizes[groups.groupOf[node]] > 1 { #expect(attempts[node] == 1) }
      raised += attempts.count { $0 > 1 }
      // Nothing more could be raised without breaking the bound or leaving its share.
      #expect(attempts.allSatisfy { (1...3).contains($0) })
    }
    #expect(raised > 50)
  }

  @Test func aLongChainIsNotWalkedPathByPath() {
    // Each layer of two calls both of the next: 2^40 paths.
    let calls = (0..<80).map { node -> [Int] in
      let layer = node / 2
      return layer == 39 ? [] : [2 * layer + 2, 2 * layer + 3]
    }
    let bound = RetryBound(calls, limit: 3)
    let attempts = bound.attempts(wishes: Array(repeating: 0, count: 80), canRetry: Array(repeating: true, count: 80))
    #expect(bound.worst(attempts) == 3)
  }

  @Test func defaultsAndFigures() throws {
    let fleet = try Support.fleet(
      Support.deployment("front", container: Support.calls("web:80")) + Support.pair
        + Support.deployment("db") + Support.service("db", port: 5432, target: 5432, portName: "tcp-db")
        + Support.deployment("user", container: Support.calls("db:5432")))
    let set = PolicySolver(fleet, options: PolicyOptions(target: .istioSidecar)).solve()
    let plan = TrafficPlan(fleet, flows: set.flows)
    #expect(plan.worstAmplification <= 3)
    let web = try #require(plan.settings.first { $0.service.name == "web" })
    let cart = try #require(plan.settings.first { $0.service.name == "cart" })
    let database = try #require(plan.settings.first { $0.service.name == "db" })
    #expect(web.attempts * cart.attempts <= 3 && web.attempts > 1)
    #expect((web.timeoutMilliseconds ?? 0) > (cart.timeoutMilliseconds ?? 0))
    #expect(database.attempts == 1 && database.timeoutMilliseconds == nil && database.balancing == .roundRobin)
    #expect(cart.ejectAfterErrors == nil && cart.maxEjectionPercent == 0, "one pod is never ejected")
    let measured = TrafficPlan(
      fleet, flows: set.flows,
      profiles: [
        cart.service: TrafficProfile(p99Milliseconds: 80, requestsPerSecond: 500, errorRate: 0.05),
        web.service: TrafficProfile(p99Milliseconds: .infinity, requestsPerSecond: -.infinity, errorRate: .nan),
      ])
    let again = try #require(measured.settings.first { $0.service.name == "cart" })
    #expect(again.attempts > 1, "who fails more gets the retry")
    #expect(again.perTryMilliseconds == 240 && again.maxConnections == 80)
  }
}
