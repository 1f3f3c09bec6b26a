import Diagnostics
import FleetModel

/// How many of some workloads may change in one wave.
struct DisruptionLimits {
  struct Limit: Equatable {
    var name: String
    /// In the fleet's order.
    var members: [ObjectReference]
    var most: Int
    /// Whether being locked counts as well as entering: a lock remakes no pod, but can break a service's calls.
    var coversLocking: Bool
  }
  private(set) var limits: [Limit] = []

  /// From disruption budgets (a wave takes one pod of each workload at a time) and from services: of several workloads
  /// behind one service never more than half change in one wave, so that the others can serve alone.
  /// - Throws: `BulkheadError(.badInput)` for a budget that lets no pod go.
  init(_ fleet: Fleet, rules: WaveRules) throws(BulkheadError) {
    for budget in fleet.disruptionBudgets {
      guard let selector = budget.selector else { continue }
      let members = fleet.index.workloads(in: budget.id.namespace, matching: selector).map { fleet.workloads[$0] }
        .filter { rules.excluded[$0.id] == nil && $0.replicas > 0 }
      guard !members.isEmpty else { continue }
      let pods = members.reduce(0) { $0 + min($1.replicas, 1_000_000) }
      let allowed =
        budget.maxUnavailable.map { $0.of(pods) } ?? pods - (budget.minAvailable.map { $0.of(pods) } ?? 0)
      guard allowed >= 1 else { throw Self.nobody(budget, members) }
      guard members.count > allowed else { continue }
      limits.append(
        Limit(
          name: "PodDisruptionBudget \(budget.id.namespace)/\(budget.id.name)", members: members.map(\.id),
          most: allowed, coversLocking: false))
    }
    var seen: Set<[ObjectReference]> = []
    for service in fleet.services {
      let members = fleet.workloads(behind: service).map(\.id).filter { rules.excluded[$0] == nil }
      guard members.count > 1, seen.insert(members).inserted else { continue }
      limits.append(
        Limit(
          name: "service \(service.id.namespace)/\(service.id.name)", members: members, most: members.count / 2,
          coversLocking: true))
    }
  }

  private static func nobody(_ budget: DisruptionBudget, _ members: [Workload]) -> BulkheadError {
    BulkheadError(
      .badInput,
      "PodDisruptionBudget \(budget.id.namespace)/\(budget.id.name) lets no pod of "
        + "\(WaveModel.names(members.map(\.id))) go, so that nothing can be changed there",
      cure: "allow one pod to be away or add replicas; or exclude the workload, or write 'disruptionBudgets: ignore', "
        + "in a file for --requirements",
      location: budget.location)
  }
}
