import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let conflictingServices = Trap(
    code: "T9", title: "Two services, one port, two protocols", severity: .medium, level: .readyAfterFix,
    meshes: [.istioSidecar, .envoy],
    why: """
      A pod behind two services that name the same port differently gets one inbound listener for it. Which protocol \
      that has depends on the order in which the services were made.
      """,
    cure: "give both services' ports the same protocol, or different target ports",
    references: ["IST0116", "IST0137"],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: cart, namespace: shop}
      spec: {selector: {app: cart}, ports: [{port: 80, targetPort: 8080, name: http-web}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: cart-raw, namespace: shop}
      spec: {selector: {app: cart}, ports: [{port: 81, targetPort: 8080, name: tcp-raw}]}
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
      var first: [Int: (service: Service, spoken: WireProtocol)] = [:]
      var hits: [TrapHit] = []
      for service in context.services(of: pod.workload) {
        for port in service.ports where port.transport == .tcp && port.declaresProtocol {
          guard let target = port.targetPort(in: pod.workload) else { continue }
          guard let other = first[target] else {
            first[target] = (service, port.wireProtocol)
            continue
          }
          guard other.service.id != service.id, other.spoken != port.wireProtocol else { continue }
          hits.append(
            TrapHit(
              "port \(target) is \(other.spoken.rawValue) to service \(other.service.id.name) and "
                + "\(port.wireProtocol.rawValue) to service \(service.id.name)",
              fix: MeshText("spec:\n  ports:\n  - port: \(port.port)\n    appProtocol: \(other.spoken.rawValue)"),
              location: service.location))
        }
      }
      return hits
    })
}
