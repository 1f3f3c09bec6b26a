import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let plaintextControlPlane = Vector(
    code: "M23", title: "Reading the mesh's configuration in plain text", severity: .medium,
    explanation: """
      istiod answers configuration requests on port 15010 without TLS and without asking who calls, and debug \
      requests on port 8080. A compromised pod so learns every service, route and policy of the mesh.
      """,
    mitigation: """
      Admit only ports 15012 (XDS over TLS), 15017 (webhooks) and, from the monitoring namespace, 15014 to istiod \
      by a NetworkPolicy.
      """,
    attack: ["T1613", "T1046"],
    references: [
      "https://istio.io/latest/docs/ops/best-practices/security/",
      "https://istio.io/latest/docs/ops/deployment/application-requirements/",
    ],
    signature: [.connect("istiod:15010"), .connect("istiod:8080")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: istiod, namespace: istio-system}
      spec:
        selector: {matchLabels: {app: istiod}}
        template:
          metadata: {labels: {app: istiod}}
          spec:
            containers: [{name: discovery, image: "docker.io/istio/pilot:1.26.0"}]
      """,
    rule: .fleet { context in
      guard context.mesh.hasIstio else { return [] }
      let istiod = context.workloads(named: "istiod")
      guard !istiod.isEmpty else {
        return [.unknown(.istioSidecar, because: "istiod is not in the input, nor what keeps callers from port 15010")]
      }
      return istiod.compactMap { workload in
        let policies = context.policies(selecting: workload).filter(\.governsIngress)
        let wide = policies.flatMap(\.ingress).contains { rule in
          rule.peers.isEmpty && (rule.ports.isEmpty || rule.ports.contains(where: admitsPlaintext))
        }
        guard policies.isEmpty || wide else { return nil }
        let message =
          policies.isEmpty
          ? "no NetworkPolicy governs its ingress, so that every pod reaches ports 15010 and 8080"
          : "its NetworkPolicies admit everyone to port 15010 or 8080"
        return .open(workload, message, fix: onlyTLS(workload))
      }
    })

  private static func admitsPlaintext(_ port: NetworkPolicy.Port) -> Bool {
    guard port.transport == .tcp else { return false }
    return switch port.number {
    case .all: true
    case .range(let low, let high): (low...max(low, high)).contains(15010) || (low...max(low, high)).contains(8080)
    case .named(let name): name.contains("15010") || name == "http-debug"
    }
  }

  private static func onlyTLS(_ workload: Workload) -> String {
    let labels = workload.podLabels.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
    return """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: \(workload.id.name)-only-tls, namespace: \(workload.id.namespace)}
      spec:
        podSelector: {matchLabels: {\(labels.joined(separator: ", "))}}
        ingress:
        - ports: [{port: 15012}, {port: 15017}, {port: 15014}]
      """
  }
}
