import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let meshHostNetwork = Vector(
    code: "M05", title: "Skipping the mesh in the node's network", severity: .high,
    explanation: """
      A pod in the node's network has no network namespace that could be captured: every injector passes over it. It \
      talks in plain text from the node's address, which servers that admit their own node let in.
      """,
    mitigation: "Remove hostNetwork; Pod Security baseline refuses it. STRICT mTLS keeps such pods away from servers.",
    attack: ["T1562.004"],
    references: [
      "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
      "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/",
    ],
    signature: [.state("plain text from a node's address to a port of the mesh")],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio-injection: enabled}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            hostNetwork: true
            containers:
            - {name: server, image: "example.com/cart:1"}
      """,
    rule: .pod { pod, context in
      // With no mesh at all there is nothing to skip: what else hostNetwork opens is L23's matter.
      guard pod.pod.hostNetwork, !context.mesh.isEmpty else { return .closed }
      let asked = pod.membership.askedMesh.map { " although \($0.title) is asked for" } ?? ""
      return .open([
        Evidence(
          message: "it uses the node's network, where no proxy captures it\(asked)",
          fix: pod.workload.templatePatch(spec: "hostNetwork: false\ndnsPolicy: ClusterFirst"))
      ])
    })
}
