import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let headlessService = Trap(
    code: "T11", title: "A headless service under strict mTLS", severity: .medium, level: .readyAfterFix,
    meshes: [.istioSidecar, .envoy],
    why: """
      Clients of a headless service address single pods. Without a protocol the proxy treats that as a connection to \
      an unknown address and passes it on in plain text, which a strict server refuses.
      """,
    cure: "name the headless service's ports by protocol, and cover pod names by a DestinationRule for *.SERVICE",
    references: [
      "https://github.com/istio/istio/issues/10659",
      "https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/",
    ],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: ledger, namespace: shop}
      spec: {clusterIP: None, selector: {app: ledger}, ports: [{port: 7000, name: gossip}]}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: ledger, namespace: shop}
      spec:
        serviceName: ledger
        selector: {matchLabels: {app: ledger}}
        template:
          metadata: {labels: {app: ledger}}
          spec:
            containers: [{name: server, image: "example.com/ledger:1"}]
      """,
    check: { pod, context in
      context.services(of: pod.workload).filter(\.headless).flatMap { service in
        service.ports.filter { $0.transport == .tcp && !$0.declaresProtocol }.map { port in
          TrapHit(
            "headless service \(service.id.name) has port \(port.port) without a protocol: calls to single pods are "
              + "not recognised",
            fix: MeshText(
              "spec:\n  ports:\n  - port: \(port.port)\n    appProtocol: tcp\n---\n"
                + "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
                + "metadata: {name: \(service.id.name)-pods, namespace: \(service.id.namespace)}\n"
                + "spec:\n  host: \"*.\(service.id.name).\(service.id.namespace).svc.cluster.local\"\n"
                + "  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}",
              [.envoy: "spec:\n  ports:\n  - port: \(port.port)\n    appProtocol: tcp"]),
            location: service.location)
        }
      }
    })
}
