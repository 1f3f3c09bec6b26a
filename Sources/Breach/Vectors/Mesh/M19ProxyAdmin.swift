import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let proxyAdmin = Vector(
    code: "M19", title: "Asking the proxy's admin port", severity: .low,
    explanation: """
      The proxy beside an application answers administrative requests on the pod's loopback address: configuration, \
      certificates' metadata, and at some ports a request to quit. Any container of the pod can ask.
      """,
    mitigation: """
      In ambient mode no proxy shares the pod's network. For Linkerd leave the shutdown endpoint off and admit port \
      4191 from the monitoring namespace alone.
      """,
    attack: ["T1489", "T1613"],
    references: [
      "https://istio.io/latest/docs/ops/deployment/application-requirements/",
      "https://linkerd.io/2/reference/proxy-configuration/", "https://developer.hashicorp.com/consul/docs/k8s/helm",
    ],
    signature: [
      .connect("127.0.0.1:15000"), .connect("127.0.0.1:15004"), .connect("127.0.0.1:15020"),
      .connect("127.0.0.1:4191"), .connect("127.0.0.1:19000"),
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
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    rule: .fleet { context in
      let sidecars: [(mesh: Mesh, ports: String, fix: String)] = [
        (
          .istioSidecar, "15000, 15004 and 15020",
          "# no setting takes them away from a sidecar; move the namespace to ambient mode\n"
            + "metadata:\n  labels:\n    istio-injection: null\n    istio.io/dataplane-mode: ambient"
        ),
        (.linkerd, "4191", "# in the values of linkerd-control-plane\nproxy:\n  enableShutdownEndpoint: false"),
        (.consul, "19000", "metadata:\n  annotations:\n    consul.hashicorp.com/envoy-extra-args: null"),
      ]
      return sidecars.flatMap { entry in
        context.mesh.membersByNamespace(of: [entry.mesh]).map { group in
          let names = listed(group.members.map(\.workload.id.name))
          return .namespace(
            group.namespace, context, at: group.members[0].workload.location,
            .open([
              Evidence(
                message: "\(names): the proxy of \(entry.mesh.title) answers every container of its pod on port "
                  + entry.ports, fix: entry.fix)
            ]))
        }
      }
    })
}
