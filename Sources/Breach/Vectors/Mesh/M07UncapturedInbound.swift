import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let uncapturedInbound = Vector(
    code: "M07", title: "Listening on a port that is not captured", severity: .low,
    explanation: """
      The proxy's own ports are left out of inbound capture, and older Istio versions leave out port 22 too. A \
      listener there is reached without encryption and without any policy of the mesh.
      """,
    mitigation: "Move the listener to another port, and admit only the service's ports by a NetworkPolicy.",
    attack: ["T1021"],
    references: ["https://istio.io/latest/docs/ops/deployment/application-requirements/"],
    signature: [
      .call("bind", arguments: "port 22, 15020, 15021, 15090, 4190 or 4191 by another program than the proxy")
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
          spec:
            containers:
            - name: server
              image: example.com/cart:1
              ports: [{containerPort: 22}]
      """,
    rule: .pod { pod, _ in
      guard let mesh = pod.meshOrMaybe else { return .closed }
      let uncaptured: Set<Int> =
        switch mesh {
        case .istioSidecar: [22, 15020, 15021, 15090]
        case .linkerd: [4190, 4191]
        case .consul: [20200]
        case .istioAmbient, .envoy: []
        }
      // Ports need not be declared; what is declared is what the manifest means to serve.
      return .from(
        pod.ownMembers.flatMap { member in
          member.container.ports.filter { $0.transport == .tcp && uncaptured.contains($0.port) }.map { port in
            Evidence(
              container: member.container.name,
              message: "it listens on port \(port.port), which \(mesh.title) does not capture",
              fix: pod.workload.containerPatch(
                member.container.name,
                "ports:\n- containerPort: \(port.port)\n  $patch: delete\n- containerPort: \(8000 + port.port % 1000)"),
              location: member.container.location)
          }
        })
    })
}
