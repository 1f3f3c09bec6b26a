import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let ownTLSOnHTTPPort = Trap(
    code: "T28", title: "TLS of the application's own on a port for HTTP", severity: .high, level: .readyAfterFix,
    meshes: [.istioSidecar, .envoy], beforeChoice: true,
    why: """
      A sidecar that is told HTTP reads requests. Where it meets TLS instead, Istio's cannot read it and fails, and a \
      plain Envoy's lets it past the mesh, so that its calls fail once the server is strict.
      """,
    cure: "name the service's port https-… or set appProtocol: https, so that its bytes go inside mutual TLS",
    references: ["https://istio.io/latest/docs/ops/common-problems/network-issues/"],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: cart, namespace: shop}
      spec: {selector: {app: cart}, ports: [{port: 9443, name: http-api}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers:
            - name: server
              image: example.com/cart:1
              readinessProbe: {httpGet: {path: /ready, port: 9443, scheme: HTTPS}}
      """,
    check: { pod, context in
      context.services(of: pod.workload).flatMap { service in
        service.ports.filter { $0.transport == .tcp && $0.wireProtocol == .http }.compactMap { port -> TrapHit? in
          guard let evidence = OwnTLS.evidence(port, of: service, pod, context) else { return nil }
          return TrapHit(
            "service \(service.id.name) offers port \(port.port) for HTTP, and the application speaks TLS on it: "
              + evidence,
            fix: MeshText("spec:\n  ports:\n  - port: \(port.port)\n    appProtocol: https"),
            // Istio looks at the first bytes where nothing is said.
            meshes: port.declaresProtocol ? [.istioSidecar, .envoy] : [.envoy], location: service.location)
        }
      }
    })
}
