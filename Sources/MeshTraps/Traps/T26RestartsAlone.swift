import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let restartsAlone = Trap(
    code: "T26", title: "A restart that nothing bridges", severity: .medium, level: .readyAfterFix,
    meshes: .sidecars,
    why: """
      A sidecar comes with a restart of every pod. A single replica is away meanwhile, and a disruption budget that \
      allows no pod to go keeps nodes from being drained for the rest of the rollout.
      """,
    cure: "run two replicas at least, and let the budget allow one to go",
    references: [
      "https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
      "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/",
    ],
    example: """
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata: {name: cart, namespace: shop}
      spec:
        maxUnavailable: 0
        selector: {matchLabels: {app: cart}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        replicas: 3
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    check: { pod, context in
      let workload = pod.workload
      // Pods of a node's agent or of a job are not kept up by a budget.
      guard workload.id.kind != "DaemonSet", !workload.runsToCompletion, workload.replicas > 0 else { return [] }
      var hits: [TrapHit] = []
      let least = context.autoscalers(of: workload).first?.minReplicas ?? workload.replicas
      if least < 2 {
        hits.append(
          TrapHit(
            "it runs one replica: taking it into the mesh restarts its only pod",
            fix: workload.id.kind == "Pod" ? "# run it as a Deployment with replicas: 2" : "spec:\n  replicas: 2",
            level: .ready))
      }
      for budget in context.budgets(selecting: workload) where allowsNobody(budget, least) {
        hits.append(
          TrapHit(
            "PodDisruptionBudget \(budget.id.name) lets none of its \(least) pods go",
            fix: "spec:\n  minAvailable: null\n  maxUnavailable: 1", location: budget.location))
      }
      return hits
    })

  private static func allowsNobody(_ budget: DisruptionBudget, _ replicas: Int) -> Bool {
    if let most = budget.maxUnavailable { return most.of(replicas) <= 0 }
    if let least = budget.minAvailable { return least.of(replicas) >= replicas }
    return false
  }
}
