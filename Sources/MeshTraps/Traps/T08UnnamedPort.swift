import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let unnamedPort = Trap(
    code: "T8", title: "A port without a protocol", severity: .low, level: .readyAfterFix,
    meshes: [.istioSidecar, .istioAmbient, .consul, .envoy], beforeChoice: true,
    why: """
      Without a known name or appProtocol the mesh has to guess what a port speaks. Guessed wrong, or not at all, \
      routes, retries, metrics and rules about paths do not hold there.
      """,
    cure: "name the service's port http-…, grpc-… or tcp-…, or set appProtocol",
    references: [
      "IST0118", "https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/",
    ],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: cart, namespace: shop}
      spec: {selector: {app: cart}, ports: [{port: 8080, name: web}]}
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
      // Without a waypoint ambient mode has no L7 and needs no protocol.
      let hasWaypoint = pod.membership.waypoint != nil || pod.namespaceLabels["istio.io/use-waypoint"] != nil
      let meshes: Set<Mesh> =
        hasWaypoint ? [.istioSidecar, .istioAmbient, .consul, .envoy] : [.istioSidecar, .consul, .envoy]
      return context.services(of: pod.workload).flatMap { service in
        service.ports.filter { $0.transport == .tcp && !$0.isServerFirst && !$0.declaresProtocol }.map { port in
          let name = port.name.map { "named '\($0)'" } ?? "without a name"
          let spoken = OwnTLS.evidence(port, of: service, pod, context) == nil ? "http" : "https"
          return TrapHit(
            "service \(service.id.name) has port \(port.port) \(name), from which no mesh knows the protocol",
            fix: MeshText(
              "spec:\n  ports:\n  - port: \(port.port)\n    appProtocol: \(spoken)",
              [
                .consul: "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceDefaults\n"
                  + "metadata: {name: \(service.id.name), namespace: \(service.id.namespace)}\n"
                  + "spec: {protocol: \(spoken == "http" ? "http" : "tcp")}"
              ]),
            meshes: meshes, location: service.location)
        }
      }
    })
}
