import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let faultWithoutRetries = Trap(
    code: "T19", title: "A fault that switches off what should bear it", severity: .medium, level: .ready,
    meshes: [.istioSidecar, .istioAmbient],
    why: """
      A route with an injected fault is served by the fault filter of the client's proxy, where retries and timeouts \
      of the same route do not count. A trial so shows failures that users would never see.
      """,
    cure: "inject the fault at the server (an EnvoyFilter on its inbound side) or in a route without retries",
    references: [
      "https://github.com/istio/istio/issues/13705",
      "https://istio.io/latest/docs/reference/config/networking/virtual-service/",
    ],
    example: """
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: cart, namespace: shop}
      spec:
        hosts: [cart]
        http:
        - fault: {abort: {httpStatus: 503, percentage: {value: 10}}}
          retries: {attempts: 3}
          route: [{destination: {host: cart}}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: cart, namespace: shop}
      spec: {selector: {app: cart}, ports: [{port: 8080, name: http}]}
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
      context.services(of: pod.workload).flatMap { service in
        context.routes("VirtualService", of: service).compactMap { route in
          let mixed = (route.spec["http"]?.elements ?? []).first { http in
            http["fault"] != nil && (http["retries"] != nil || http["timeout"] != nil)
          }
          guard let mixed else { return nil }
          let what = mixed["retries"] != nil ? "retries" : "the timeout"
          return TrapHit(
            "VirtualService \(route.id.name) injects a fault in a route whose \(what) then do not count",
            fix: "# in spec.http of VirtualService \(route.id.name): remove fault, and inject it at the server instead",
            location: route.location)
        }
      }
    })
}
