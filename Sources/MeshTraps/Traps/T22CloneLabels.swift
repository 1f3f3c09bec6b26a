import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let cloneLabels = Trap(
    code: "T22", title: "Policies that lose the pods of a canary tool", severity: .high, level: .readyAfterFix,
    meshes: .all,
    why: """
      Flagger runs the real traffic on a copy whose label is changed to NAME-primary. NetworkPolicies, \
      AuthorizationPolicies and disruption budgets that select the old value stop holding, without a word.
      """,
    cure: "select by a label that the tool does not rewrite",
    references: [
      "https://github.com/fluxcd/flagger/issues/1115", "https://github.com/fluxcd/flagger/issues/1604",
      "https://docs.flagger.app/usage/how-it-works",
    ],
    example: """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: cart, namespace: shop}
      spec:
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}
        service: {port: 8080}
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: cart, namespace: shop}
      spec:
        podSelector: {matchLabels: {app: cart}}
        ingress: [{}]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    check: { pod, context in
      let workload = pod.workload
      guard let canary = context.deliveries(of: workload).first(where: { $0.id.kind == "Canary" }),
        let key = ["app", "name", "app.kubernetes.io/name"].first(where: { workload.podLabels[$0] != nil })
      else { return [] }
      var primary = workload.podLabels
      primary[key] = "\(workload.podLabels[key] ?? "")-primary"
      let lost = selectors(of: workload, context).filter { !$0.selector.matches(primary) }
      return lost.map { entry in
        TrapHit(
          "\(entry.what) selects \(key)=\(workload.podLabels[key] ?? ""), which Canary \(canary.id.name) changes to "
            + "\(primary[key] ?? "")",
          fix: MeshText(
            workload.templatePatch(labels: [("part-of-rollout", workload.id.name)])
              + "\n# and select part-of-rollout in \(entry.what)"),
          location: entry.object)
      }
    })
}
