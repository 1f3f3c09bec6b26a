import FleetModel
import IntentModel

/// A small fleet: `web` may call `api`, `other` may not; `plain` has no sidecar.
enum Shop {
  static let api = reference("api")
  static let web = reference("web")
  static let other = reference("other")
  static let virtualAddress = "10.96.0.10"
  static let canaryAddress = "10.96.0.11"

  static func reference(_ name: String) -> ObjectReference {
    ObjectReference(kind: "Deployment", namespace: "shop", name: name)
  }

  static let service = MeshService(
    id: ObjectReference(kind: "Service", namespace: "shop", name: "api"), virtualAddress: virtualAddress,
    ports: [
      .init(port: 80, targetPort: 8080, wireProtocol: .http), .init(port: 6379, targetPort: 6379, wireProtocol: .tcp),
    ], targets: [api], canaryVirtualAddress: canaryAddress)

  static func pod(
    _ id: String, _ workload: ObjectReference, _ host: Int, posture: Posture = Posture(mutualTLS: .permissive),
    cohort: Cohort = .stable, wrongs: Set<SidecarWrong> = []
  ) -> MeshPod {
    let isAPI = workload == api
    let outbound = [
      OutboundFlow(
        service: service.id, servicePort: 80, target: api, targetPort: 8080, wireProtocol: .http),
      OutboundFlow(
        service: service.id, servicePort: 6379, target: api, targetPort: 6379, wireProtocol: .tcp),
    ]
    let inbound = [
      InboundFlow(port: 8080, wireProtocol: .http, callers: [web]),
      InboundFlow(port: 6379, wireProtocol: .tcp, callers: [web]),
    ]
    let intent = Intent(
      workload: workload,
      identity: SpiffeID(trustDomain: "bulkhead.local", namespace: "shop", account: workload.name), posture: posture,
      inbound: isAPI ? inbound : [], outbound: workload == web ? outbound : [])
    return MeshPod(id: id, address: "10.7.0.\(host)", cohort: cohort, ready: true, intent: intent, wrongs: wrongs)
  }
}
