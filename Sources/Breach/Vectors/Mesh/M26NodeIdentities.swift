import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let nodeIdentities = Vector(
    code: "M26", title: "One node proxy, the identities of all its pods", severity: .medium,
    explanation: """
      In ambient mode the node's ztunnel holds the keys of every pod of the mesh on that node. Who breaks out to the \
      node takes all of those identities, not one.
      """,
    mitigation: "Keep workloads of different trust on different nodes by taints and node selectors.",
    attack: ["T1552.004"],
    references: ["https://istio.io/latest/docs/ambient/architecture/"],
    signature: [.state("a ztunnel certificate used from another node than the pod's")],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            serviceAccountName: cart
            containers: [{name: server, image: "example.com/cart:1"}]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: ledger, namespace: shop}
      spec:
        selector: {matchLabels: {app: ledger}}
        template:
          metadata: {labels: {app: ledger}}
          spec:
            serviceAccountName: ledger
            containers: [{name: server, image: "example.com/ledger:1"}]
      """,
    rule: .fleet { context in
      // Pods with different node selectors may still meet where one selector's nodes have the other's labels; what is
      // certain is that pods with the same one can.
      let groups = Dictionary(grouping: context.mesh.members(of: [.istioAmbient])) { member in
        member.workload.pod.nodeSelector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
          .joined(separator: ",")
      }
      return groups.sorted { $0.key < $1.key }.compactMap { selector, members in
        let identities = Set(members.map { "\($0.workload.id.namespace)/\($0.workload.pod.serviceAccount)" })
        guard identities.count > 1, let first = members.first?.workload else { return nil }
        let place = selector.isEmpty ? "any node" : "nodes with \(selector)"
        return .namespace(
          first.id.namespace, context, at: first.location,
          .open([
            Evidence(
              message: "\(identities.count) identities share the ztunnel of \(place): "
                + listed(identities.sorted()),
              fix: first.templatePatch(
                spec: "nodeSelector:\n  trust-zone: \(first.id.namespace)\ntolerations:\n- key: trust-zone\n"
                  + "  value: \(first.id.namespace)\n  effect: NoSchedule"))
          ]))
      }
    })
}
