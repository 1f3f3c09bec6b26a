import FleetModel
import Policies

/// Everything that `policies` says about a fleet, for both of its outputs.
struct PoliciesReport {
  let fleet: Fleet
  let set: PolicySet
  let segmentation: Segmentation
  let traffic: TrafficPlan
  let hardening: [(workload: ObjectReference, steps: [HardeningStep])]

  init(_ fleet: Fleet, _ set: PolicySet, _ method: Segmentation.Method) {
    self.fleet = fleet
    self.set = set
    segmentation = Segmentation(fleet, flows: set.flows, method: method)
    traffic = TrafficPlan(fleet, flows: set.flows)
    let governed = Set(set.workloads.map(\.workload))
    hardening = fleet.workloads.filter { governed.contains($0.id) }.map { ($0.id, HardeningSteps.steps(for: $0)) }
  }
}
