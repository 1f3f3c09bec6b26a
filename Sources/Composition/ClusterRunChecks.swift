import Diagnostics
import FleetModel
import KubernetesAPI
import Planning

extension ClusterRun {
  /// What a new run must find.
  /// - Parameter context: the kubeconfig's; the plan may be for another.
  static func require(_ plan: Plan, fits fleet: Fleet, context: String) throws {
    if let wanted = plan.cluster, context != ClusterSettings.inCluster, wanted != context {
      throw BulkheadError(
        .configuration,
        "the plan is for the cluster \(wanted.safeForTerminal), and the context is \(context.safeForTerminal)",
        cure: "choose that context with --context, or plan anew for this cluster")
    }
    let planned = Set(plan.waves.flatMap(\.workloads)).sorted()
    let missing = planned.filter { fleet.workload($0) == nil }
    guard missing.isEmpty else {
      throw BulkheadError(
        .badInput, "the cluster lacks workloads of the plan: \(names(missing))",
        cure: "plan what the cluster has: bulkhead plan --kube -o yaml")
    }
    // The capture of their traffic would be the node's.
    let onNodes = planned.filter { fleet.workload($0)?.pod.hostNetwork == true }
    guard onNodes.isEmpty else {
      throw BulkheadError(
        .configuration, "pods on their node's own network (hostNetwork) get no sidecar: \(names(onNodes))",
        cure: "leave them out ('excluded' in the requirements, docs/requirements.md) and plan anew")
    }
  }

  /// What no object of the cluster tells: without it, such calls would be refused.
  static func adding(_ observed: [Call], to fleet: Fleet) -> Fleet {
    struct Place: Hashable {
      var caller: ObjectReference
      var host: String
      var port: Int

      init(_ call: Call) { (caller, host, port) = (call.caller, call.host, call.port) }
    }
    let known = Set(fleet.calls.map(Place.init))
    var fleet = fleet
    fleet.calls += observed.filter { !known.contains(Place($0)) }
    return fleet
  }

  private static func names(_ workloads: [ObjectReference]) -> String {
    workloads.prefix(5).map(\.description).joined(separator: ", ").safeForTerminal
  }
}
