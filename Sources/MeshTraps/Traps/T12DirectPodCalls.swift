import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let directPodCalls = Trap(
    code: "T12", title: "Calls to pod addresses from a registry of its own", severity: .medium, level: .readyAfterFix,
    meshes: [.istioSidecar, .consul, .envoy],
    why: """
      Clients of Eureka, Nacos, ZooKeeper or an own Consul registry call pods by address. Sidecars know services, not \
      addresses: such calls pass through without mTLS, and strict servers refuse them.
      """,
    cure: "let clients call Kubernetes services instead of registered addresses",
    references: ["https://istio.io/latest/docs/ops/deployment/application-requirements/"],
    example: """
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
              env: [{name: EUREKA_CLIENT_SERVICEURL_DEFAULTZONE, value: "http://eureka:8761/eureka"}]
      """,
    check: { pod, _ in
      pod.members.filter { !$0.belongsToMesh }.flatMap { member in
        member.container.environment.filter { isRegistry($0.name) }.prefix(1).map { variable in
          TrapHit(
            "\(variable.name) in container \(member.container.name) names a registry that hands out pod addresses",
            fix: MeshText(
              pod.workload.containerPatch(
                member.container.name,
                "env:\n- name: EUREKA_CLIENT_ENABLED\n  value: \"false\"\n"
                  + "- name: SPRING_CLOUD_DISCOVERY_ENABLED\n  value: \"false\"")
                + "\n# and call services by their Kubernetes names",
              [
                .consul: pod.workload.templatePatch(annotations: [
                  ("consul.hashicorp.com/transparent-proxy", "true")
                ]) + "\n# and ServiceDefaults.transparentProxy.dialedDirectly: true on the servers"
              ]),
            container: member.container.name, location: variable.location)
        }
      }
    })

  private static func isRegistry(_ name: String) -> Bool {
    let upper = name.uppercased()
    let words = [
      "EUREKA", "NACOS_SERVER", "NACOS_ADDR", "SPRING_CLOUD_CONSUL", "CONSUL_HTTP_ADDR", "ZOOKEEPER_CONNECT",
    ]
    // Kafka speaks of ZooKeeper for itself, not to find its callers.
    return words.contains { upper.contains($0) } && !upper.hasPrefix("KAFKA_")
  }
}
