import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let uncapturedProtocols = Vector(
    code: "M06", title: "Talking UDP, QUIC or ICMP past the proxy", severity: .low,
    explanation: """
      Meshes capture TCP, and of UDP at most DNS. QUIC, UDP and ICMP tunnels leave the pod as if there were no mesh.
      """,
    mitigation: "Select the pod by a NetworkPolicy that governs egress and admits UDP to the cluster's DNS alone.",
    attack: ["T1095", "T1048"],
    references: [
      "https://istio.io/latest/docs/ops/best-practices/security/",
      "https://istio.io/latest/docs/ops/deployment/application-requirements/",
    ],
    signature: [
      .call("sendto", arguments: "a UDP socket, not to port 53"),
      .call("socket", arguments: "SOCK_RAW or IPPROTO_ICMP"),
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
            - {name: server, image: "example.com/cart:1"}
      """,
    rule: .pod { pod, context in
      guard let mesh = pod.meshOrMaybe else { return .closed }
      let policies = context.policies(selecting: pod.workload).filter(\.governsEgress)
      let leaks = policies.filter { policy in policy.egress.contains(where: admitsUDPBeyondDNS) }
      let message: String
      if policies.isEmpty {
        message = "no NetworkPolicy governs its egress, and \(mesh.title) captures no UDP but DNS"
      } else if let first = leaks.first {
        message = "NetworkPolicy \(first.id.name) lets UDP out beyond DNS, and \(mesh.title) does not capture it"
      } else {
        return .closed
      }
      return .open([Evidence(message: message, fix: dnsOnly(pod.workload), location: leaks.first?.location)])
    })

  private static func admitsUDPBeyondDNS(_ rule: NetworkPolicy.Rule) -> Bool {
    rule.ports.isEmpty || rule.ports.contains { $0.transport == .udp && $0.number != .range(53, 53) }
  }

  private static func dnsOnly(_ workload: Workload) -> String {
    let labels = workload.podLabels.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
    return """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: \(workload.id.name)-egress, namespace: \(workload.id.namespace)}
      spec:
        podSelector: {matchLabels: {\(labels.joined(separator: ", "))}}
        policyTypes: [Egress]
        egress:
        - ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
        - ports: [{protocol: TCP, port: 1, endPort: 65535}]  # narrow to the services it calls
      """
  }
}
