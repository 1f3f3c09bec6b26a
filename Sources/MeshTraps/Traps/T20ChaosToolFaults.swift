import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let chaosToolFaults = Trap(
    code: "T20", title: "A chaos tool's HTTP faults under mTLS", severity: .medium, level: .ready, meshes: .all,
    why: """
      Chaos Mesh's HTTPChaos reads plain HTTP on the pod's network. Under mTLS there is none: the experiment reports \
      success and injects nothing, or breaks the proxy's connections.
      """,
    cure: "use the mesh's own faults for HTTP, and the tool's for pods, delay and loss",
    references: [
      "https://github.com/chaos-mesh/chaos-mesh/issues/4389", "https://github.com/chaos-mesh/chaos-mesh/issues/3904",
      "https://github.com/litmuschaos/litmus-go/issues/622",
    ],
    example: """
      apiVersion: chaos-mesh.org/v1alpha1
      kind: HTTPChaos
      metadata: {name: cart-abort, namespace: shop}
      spec:
        mode: all
        target: Request
        port: 8080
        abort: true
        selector: {namespaces: [shop], labelSelectors: {app: cart}}
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
      context.objects("HTTPChaos").filter { chaos in
        let selector = chaos.spec["selector"]
        let namespaces = selector?["namespaces"]?.strings ?? [chaos.id.namespace]
        guard namespaces.contains(pod.workload.id.namespace) else { return false }
        return (selector?["labelSelectors"]?.stringMap ?? [:]).allSatisfy { pod.workload.podLabels[$0.key] == $0.value }
      }.map { chaos in
        TrapHit(
          "HTTPChaos \(chaos.id.name) selects it and would inject nothing",
          fix: MeshText(
            "kubectl delete httpchaos \(chaos.id.name) -n \(chaos.id.namespace)\n"
              + "# and use the mesh's own fault injection",
            [
              .istioSidecar: "# replace HTTPChaos \(chaos.id.name) by http.fault of a VirtualService of its own",
              .linkerd: "# replace HTTPChaos \(chaos.id.name) by an HTTPRoute to a backend that fails",
            ]),
          location: chaos.location)
      }
    })
}
