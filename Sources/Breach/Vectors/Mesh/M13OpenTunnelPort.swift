import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let openTunnelPort = Vector(
    code: "M13", title: "Every port through the tunnel port", severity: .high,
    explanation: """
      In ambient mode all traffic arrives on port 15008, whatever port it is meant for. A NetworkPolicy that opens \
      15008 to everyone so opens every port of the pod to every member of the mesh.
      """,
    mitigation: """
      Give the rule that opens 15008 the same peers as the rules for the ports themselves, and decide about ports by \
      AuthorizationPolicies, which ztunnel enforces.
      """,
    attack: ["T1210", "T1021"],
    references: [
      "https://github.com/istio/istio/issues/56659", "https://istio.io/latest/docs/ambient/usage/networkpolicy/",
    ],
    signature: [.connect("*:15008")],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
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
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: cart, namespace: shop}
      spec:
        podSelector: {matchLabels: {app: cart}}
        ingress:
        - ports: [{port: 15008}]
      """,
    rule: .fleet { context in
      let members = Dictionary(grouping: context.mesh.members(of: [.istioAmbient])) { $0.workload.id.namespace }
      return context.fleet.networkPolicies.compactMap { policy in
        guard policy.governsIngress, let here = members[policy.id.namespace] else { return nil }
        guard here.contains(where: { policy.podSelector.matches($0.workload.podLabels) }) else { return nil }
        // A rule without ports admits everything anyway, and says so.
        let wide = policy.ingress.contains { rule in
          !rule.ports.isEmpty && rule.ports.contains(where: admitsTunnel) && rule.peers.allIsEveryone
        }
        guard wide else { return nil }
        let evidence = Evidence(
          message: "it opens port 15008 to everyone, and with it every port of the pods it selects",
          fix: "spec:\n  ingress:\n  - from:\n    - podSelector: {}  # the callers meant\n    ports:\n"
            + "    - {protocol: TCP, port: 15008}")
        return ObjectAssessment(resource: policy.id, location: policy.location, assessment: .open([evidence]))
      }
    })

  private static func admitsTunnel(_ port: NetworkPolicy.Port) -> Bool {
    guard port.transport == .tcp, case .range(let low, let high) = port.number else { return false }
    return low <= 15008 && 15008 <= high && !(low <= 1 && high >= 65535)
  }
}

extension [NetworkPolicy.Peer] {
  /// No peers means everyone; so does any peer that leaves nobody out.
  fileprivate var allIsEveryone: Bool {
    isEmpty
      || contains { peer in
        switch peer {
        case .block(let cidr, let except): except.isEmpty && ["0.0.0.0/0", "::/0"].contains(cidr)
        case .pods(let namespaces, let pods):
          (namespaces?.requirements.isEmpty ?? false) && (pods?.requirements.isEmpty ?? true)
        }
      }
  }
}
