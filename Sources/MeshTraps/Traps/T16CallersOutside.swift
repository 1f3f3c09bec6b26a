import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let callersOutside = Trap(
    code: "T16", title: "Callers that will never be in the mesh", severity: .high, level: .readyAfterFix, meshes: .all,
    why: """
      The API server calling a webhook, a load balancer's health check, an ingress controller and workloads outside \
      the mesh have no certificate. Strict mTLS cuts them off, and some of them only call on the day they are needed.
      """,
    cure: "keep the port they call permissive, with an owner and an end date, or take the caller into the mesh",
    references: ["https://istio.io/latest/docs/tasks/security/authentication/mtls-migration/"],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: web, namespace: shop}
      spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080, name: http}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web, namespace: shop}
      spec:
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec:
            containers: [{name: server, image: "example.com/web:1"}]
      """,
    check: { pod, context in
      let services = context.services(of: pod.workload)
      var callers: [(port: Int?, who: String)] = services.filter(\.facesOutside).compactMap { service in
        service.ports.first.map {
          ($0.targetPort(in: pod.workload), "\(service.type) \(service.id.name) leads callers from outside to it")
        }
      }
      for service in services {
        if let name = context.webhook(answeredBy: service.id) {
          callers.append(
            (service.ports.first?.targetPort(in: pod.workload), "the API server calls it (webhook \(name))"))
        }
        if let name = context.ingress(leadingTo: service.id) {
          callers.append((service.ports.first?.targetPort(in: pod.workload), "Ingress \(name) leads to it"))
        }
      }
      for call in context.fleet.calls(to: pod.workload.id).prefix(1_000) {
        guard let caller = context.fleet.workload(call.caller) else { continue }
        if caller.pod.hostNetwork {
          callers.append((call.port, "\(caller.id.name) calls it from the node's network"))
        }
      }
      var seen: Set<String> = []
      return callers.filter { seen.insert($0.who).inserted }.map { caller in
        TrapHit(caller.who + ", without a certificate", fix: permissive(pod.workload, caller.port))
      }
    })

  private static func permissive(_ workload: Workload, _ port: Int?) -> MeshText {
    let number = port.map { "\($0)" } ?? "<port>"
    let labels = workload.podLabels.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
      .joined(separator: ", ")
    return MeshText(
      """
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata: {name: \(workload.id.name)-outside, namespace: \(workload.id.namespace)}
      spec:
        selector: {matchLabels: {\(labels)}}
        mtls: {mode: STRICT}
        portLevelMtls: {"\(number)": {mode: PERMISSIVE}}
      """,
      [
        .linkerd: "apiVersion: policy.linkerd.io/v1beta3\nkind: Server\n"
          + "metadata: {name: \(workload.id.name)-outside, namespace: \(workload.id.namespace)}\n"
          + "spec:\n  podSelector: {matchLabels: {\(labels)}}\n  port: \(number)\n  accessPolicy: all-unauthenticated",
        .consul: workload.templatePatch(annotations: [
          ("consul.hashicorp.com/transparent-proxy-exclude-inbound-ports", number)
        ]),
        .envoy: "# leave the port permissive: the caller stays outside the mesh",
      ])
  }
}
