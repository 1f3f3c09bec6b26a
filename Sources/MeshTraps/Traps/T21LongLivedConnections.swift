import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let longLivedConnections = Trap(
    code: "T21", title: "Long connections cut by the node's proxy", severity: .medium, level: .ready,
    meshes: [.istioAmbient],
    why: """
      Enrolling a namespace in ambient mode takes effect under open connections, and every upgrade of ztunnel resets \
      those that run through it. Databases, queues and streams see all their connections die at once.
      """,
    cure: "upgrade ztunnel with OnDelete and drained nodes, and let clients connect again with a growing delay",
    references: ["https://github.com/istio/istio/issues/51126", "https://istio.io/latest/docs/ambient/upgrade/"],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: ledger, namespace: shop}
      spec: {selector: {app: ledger}, ports: [{port: 5432, name: tcp-db}]}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: ledger, namespace: shop}
      spec:
        selector: {matchLabels: {app: ledger}}
        template:
          metadata: {labels: {app: ledger}}
          spec:
            containers: [{name: server, image: "postgres:16"}]
      """,
    check: { pod, context in
      let fix: MeshText = """
        # in the values of ztunnel
        updateStrategy:
          type: OnDelete
        # drain each node before its ztunnel is deleted
        """
      for service in context.services(of: pod.workload) {
        guard let port = service.ports.first(where: { $0.transport == .tcp && $0.wireProtocol == .tcp }) else {
          continue
        }
        return [TrapHit("clients keep connections to port \(port.port) of \(service.id.name) open", fix: fix)]
      }
      guard let call = context.fleet.calls(from: pod.workload.id).first(where: { $0.wireProtocol == .tcp }) else {
        return []
      }
      return [TrapHit("it keeps connections to \(call.host):\(call.port) open", fix: fix)]
    })
}
