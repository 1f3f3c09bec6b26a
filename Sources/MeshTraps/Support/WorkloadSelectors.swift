import Diagnostics
import FleetModel

/// Everything in the input that selects a workload's pods by their labels, in words, with its selector and place.
func selectors(
  of workload: Workload, _ context: TrapContext
) -> [(what: String, selector: LabelSelector, object: SourceLocation)] {
  let policies = context.policies(selecting: workload).map {
    (what: "NetworkPolicy \($0.id.name)", selector: $0.podSelector, object: $0.location)
  }
  let budgets = context.budgets(selecting: workload).compactMap { budget in
    budget.selector.map { (what: "PodDisruptionBudget \(budget.id.name)", selector: $0, object: budget.location) }
  }
  let kinds = [
    ("AuthorizationPolicy", "selector"), ("PeerAuthentication", "selector"), ("ServiceMonitor", "selector"),
    ("PodMonitor", "selector"), ("Server", "podSelector"),
  ]
  let objects = kinds.flatMap { kind, key in
    context.objects(kind).filter { $0.id.namespace == workload.id.namespace }.compactMap { object in
      object.spec[key].map {
        (what: "\(kind) \(object.id.name)", selector: $0.labelSelector, object: object.location)
      }
    }.filter { $0.selector.matches(workload.podLabels) }
  }
  return policies + budgets + objects
}
