import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let rawSockets = Vector(
    code: "M32", title: "Spoofing ARP and DNS below the mesh", severity: .medium,
    explanation: """
      With NET_RAW a container forges ARP and DNS answers on the node's bridge and draws its neighbours' traffic to \
      itself, below anything that a mesh sees. What is not under mTLS it reads and changes.
      """,
    mitigation: "Drop NET_RAW (drop ALL) in every container; STRICT mTLS makes drawn traffic unreadable.",
    attack: ["T1557.002", "T1040"],
    references: ["https://falco.org/docs/reference/rules/default-rules/", "CVE-2020-14386"],
    signature: [.call("socket", arguments: "AF_PACKET"), .call("socket", arguments: "SOCK_RAW")],
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
    rule: .pod { pod, _ in
      // Without a mesh NET_RAW is L30's matter.
      guard pod.meshOrMaybe != nil else { return .closed }
      return .from(
        pod.ownMembers.filter { $0.effective.running.has(.netRaw) }.map { member in
          Evidence(
            container: member.container.name,
            message: "it runs as root with NET_RAW and can forge packets below the mesh",
            fix: pod.workload.containerPatch(
              member.container.name, isInit: member.role != .application,
              "securityContext:\n  capabilities:\n    drop: [ALL]"), location: member.container.location)
        })
    })
}
