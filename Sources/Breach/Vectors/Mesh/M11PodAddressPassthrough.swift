import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let podAddressPassthrough = Vector(
    code: "M11", title: "Calling pods by address, past the mesh's routes", severity: .medium,
    explanation: """
      Under ALLOW_ANY a proxy passes on connections to addresses it does not know as they are. A call to a pod's \
      address so goes out without a client certificate and without the route's policies.
      """,
    mitigation: """
      Set outboundTrafficPolicy.mode to REGISTRY_ONLY, make mTLS strict on the servers, and bound egress by \
      NetworkPolicies.
      """,
    attack: ["T1021", "T1046"],
    references: [
      "https://istio.io/latest/docs/ops/deployment/application-requirements/",
      "https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/",
    ],
    signature: [.state("a connection through PassthroughCluster to a pod's address")],
    example: """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: istio, namespace: istio-system}
      data:
        mesh: |
          outboundTrafficPolicy:
            mode: ALLOW_ANY
      ---
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
      // Ambient's node proxy wraps calls to pod addresses in mTLS; Linkerd's does too.
      guard !context.mesh.members(of: [.istioSidecar]).isEmpty else { return [] }
      guard let config = context.mesh.settings.istioMeshConfig else {
        return [
          .unknown(
            .istioSidecar,
            because: "the mesh configuration (ConfigMap istio) is not in the input; the default is ALLOW_ANY")
        ]
      }
      guard (config["outboundTrafficPolicy.mode"] ?? "ALLOW_ANY") == "ALLOW_ANY" else { return [] }
      let map = context.fleet.configMaps.first { $0.id.name == "istio" || $0.id.name.hasPrefix("istio-") }
      return [
        ObjectAssessment(
          resource: map?.id ?? ObjectReference(kind: "ConfigMap", namespace: "istio-system", name: "istio"),
          location: map?.location,
          assessment: .open([
            Evidence(
              message: "outboundTrafficPolicy is ALLOW_ANY: calls to pod addresses pass through as they are",
              fix: "# in data.mesh\noutboundTrafficPolicy:\n  mode: REGISTRY_ONLY")
          ]))
      ]
    })
}
