import Diagnostics
import FleetModel
import KubernetesAPI
import Planning

extension ClusterRun {
  /// What a new run must find.
  /// - Parameter context: the kubeconfig's; the plan may be for another.
  /// - Throws: `BulkheadError(.tryAgain)` where it is too early, `.configuration` where it is too late or cannot be.
  static func require(_ plan: Plan, fits fleet: Fleet, context: String, at now: Instant) throws {
    if let wanted = plan.cluster, context != ClusterSettings.inCluster, wanted != context {
      throw BulkheadError(
        .configuration,
        "the plan is for the cluster \(wanted.safeForTerminal), and the context is \(context.safeForTerminal)",
        cure: "choose that context with --context, or plan anew for this cluster")
    }
    if let window = plan.waves.first?.window {
      guard window.end > now else {
        throw BulkheadError(
          .configuration, "the time of the plan's first wave was over at \(window.end)",
          cure: "plan anew for times to come")
      }
      guard window.start <= now else {
        throw BulkheadError(
          .tryAgain, "the plan's first wave may begin at \(window.start)", cure: "start it then")
      }
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
