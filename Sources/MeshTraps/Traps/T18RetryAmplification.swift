import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let retryAmplification = Trap(
    code: "T18", title: "Retries that multiply from layer to layer", severity: .low, level: .ready,
    meshes: [.istioSidecar, .istioAmbient],
    why: """
      Istio retries a failed request twice by default. In a chain of calls each layer retries the retries of the one \
      above: three layers turn one failing request into twenty-seven at the last service.
      """,
    cure: "set retries in a VirtualService at the outermost layer, and attempts: 0 below it",
    references: [
      "https://github.com/istio/istio/issues/25160",
      "https://istio.io/latest/docs/concepts/traffic-management/#retries",
    ],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: b, namespace: shop}
      spec: {selector: {app: b}, ports: [{name: http, port: 8080}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: c, namespace: shop}
      spec: {selector: {app: c}, ports: [{name: http, port: 8080}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: a, namespace: shop}
      spec:
        selector: {matchLabels: {app: a}}
        template:
          metadata: {labels: {app: a}}
          spec:
            containers: [{name: server, image: "example.com/a:1", env: [{name: B_ADDR, value: "b:8080"}]}]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: b, namespace: shop}
      spec:
        selector: {matchLabels: {app: b}}
        template:
          metadata: {labels: {app: b}}
          spec:
            containers: [{name: server, image: "example.com/b:1", env: [{name: C_ADDR, value: "c:8080"}]}]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: c, namespace: shop}
      spec:
        selector: {matchLabels: {app: c}}
        template:
          metadata: {labels: {app: c}}
          spec:
            containers: [{name: server, image: "example.com/c:1"}]
      """,
    check: { pod, context in
      let id = pod.workload.id
      // In the middle of a chain: it is called by HTTP and calls on by HTTP.
      guard context.fleet.calls(to: id).contains(where: { $0.wireProtocol == .http }),
        let onward = context.fleet.calls(from: id).first(where: { $0.wireProtocol == .http && $0.target != id })
      else { return [] }
      let services = context.services(of: pod.workload)
      let bounded = services.contains { service in
        context.routes("VirtualService", of: service).contains { route in
          (route.spec["http"]?.elements ?? []).contains { $0["retries"] != nil }
        }
      }
      guard !bounded, let service = services.first else { return [] }
      // Ambient mode retries only where a waypoint handles the requests.
      let meshes: Set<Mesh> = pod.membership.waypoint == nil ? [.istioSidecar] : [.istioSidecar, .istioAmbient]
      return [
        TrapHit(
          "requests to it are retried twice, and each retry's call to \(onward.host) again",
          fix: MeshText(
            """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: \(service.id.name), namespace: \(service.id.namespace)}
            spec:
              hosts: [\(service.id.name)]
              http:
              - retries: {attempts: 0}
                route: [{destination: {host: \(service.id.name)}}]
            """),
          meshes: meshes)
      ]
    })
}
