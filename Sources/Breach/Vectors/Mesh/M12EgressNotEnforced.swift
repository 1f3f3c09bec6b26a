import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let egressNotEnforced = Vector(
    code: "M12", title: "Leaving the cluster although the mesh lists its outside", severity: .medium,
    explanation: """
      What a proxy allows outwards binds only those who go through the proxy. A compromised pod goes around it, so \
      that REGISTRY_ONLY and ServiceEntries without a NetworkPolicy are no boundary.
      """,
    mitigation: """
      Deny egress by a NetworkPolicy to everything but the cluster's DNS, the services called and an egress gateway, \
      and admit the outside from the gateway alone.
      """,
    attack: ["T1048", "T1041"],
    references: [
      "https://istio.io/latest/docs/ops/best-practices/security/",
      "https://istio.io/latest/docs/tasks/traffic-management/egress/egress-gateway/",
    ],
    signature: [.state("a connection from a pod of the mesh to an outside address not by way of the egress gateway")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    rule: .fleet { context in
      context.mesh.membersByNamespace(of: Set(Mesh.allCases)).compactMap { group in
        let free = group.members.map(\.workload).filter { workload in
          !context.policies(selecting: workload).contains { $0.governsEgress }
        }
        guard let first = free.first else { return nil }
        return .namespace(
          group.namespace, context, at: first.location,
          .open([
            Evidence(
              message: "no NetworkPolicy governs the egress of \(listed(free.map(\.id.name))): the mesh alone does not "
                + "keep them inside", fix: denyEgress(group.namespace))
          ]))
      }
    })

  private static func denyEgress(_ namespace: String) -> String {
    """
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: default-deny-egress, namespace: \(namespace)}
    spec:
      podSelector: {}
      policyTypes: [Egress]
      egress:
      - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]
        ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
      - to: [{namespaceSelector: {}}]
    """
  }
}
