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

  private static func names(_ workloads: [ObjectReference]) -> String {
    workloads.prefix(5).map(\.description).joined(separator: ", ").safeForTerminal
  }
}
