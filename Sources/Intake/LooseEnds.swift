import Diagnostics
import FleetModel

/// Selectors that match nothing and references to what is not in the input: one finding each, of low severity, because
/// the rest may simply be elsewhere. (Services are looked at with the calls.)
struct LooseEnds {
  private(set) var findings: [Finding] = []
  private let fleet: Fleet
  private let index: PlaceIndex
  /// Label sets still to be compared: an input made to cost time gets fewer findings, not more time.
  private var budget = 4_000_000

  init(_ fleet: Fleet) {
    self.fleet = fleet
    index = fleet.index
    for policy in fleet.networkPolicies where !policy.podSelector.requirements.isEmpty {
      guard matchesNothing(policy.podSelector, policy.id.namespace) else { continue }
      report(policy.id, policy.location, "its podSelector matches no pod of the input, so that it protects nothing")
    }
    for budget in fleet.disruptionBudgets {
      guard let selector = budget.selector else {
        report(budget.id, budget.location, "it has no selector that could match a pod")
        continue
      }
      guard !selector.requirements.isEmpty, matchesNothing(selector, budget.id.namespace) else { continue }
      report(budget.id, budget.location, "its selector matches no pod of the input")
    }
    addAutoscalers()
  }

  private mutating func matchesNothing(_ selector: LabelSelector, _ namespace: String) -> Bool {
    for position in index.candidates(namespace, selector) {
      guard budget > 0 else { return false }
      budget -= 1
      if selector.matches(fleet.workloads[position].podLabels) { return false }
    }
    return true
  }

  private mutating func addAutoscalers() {
    guard !fleet.autoscalers.isEmpty else { return }
    let custom = Set(fleet.customObjects.map(\.id))
    for autoscaler in fleet.autoscalers {
      let target = autoscaler.target
      guard index.workload(target) == nil, !custom.contains(target) else { continue }
      findings.append(
        IntakeCode.targetMissing.finding(
          .low, "it scales \(target.description.safeForTerminal), which is not in the input",
          fix: "add the workload or correct scaleTargetRef", resource: autoscaler.id.description,
          at: autoscaler.location))
    }
  }

  private mutating func report(_ id: ObjectReference, _ location: SourceLocation, _ message: String) {
    findings.append(
      IntakeCode.selectsNothing.finding(
        .low, message, fix: "add the workload or correct the selector", resource: id.description, at: location))
  }
}
