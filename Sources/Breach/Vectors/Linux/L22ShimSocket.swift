import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let shimSocket = Vector(
    code: "L22", title: "Steering containerd's shims through abstract sockets (CVE-2020-15257)", severity: .high,
    explanation: """
      Old containerd versions control their shims over abstract unix sockets, which belong to the network namespace. \
      Root of a container on the node's network connects to one and starts programs on the node.
      """,
    mitigation: """
      Set hostNetwork: false; update containerd to 1.4.3 or 1.3.9.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2020-15257", "github.com/containerd/containerd/security/advisories/GHSA-36xw-fx78-c5r4"],
    signature: [.connect("@/containerd-shim/*")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        hostNetwork: true
        containers:
        - name: app
          image: example.com/app:1
      ---
      apiVersion: v1
      kind: Node
      metadata:
        name: node-1
      status:
        nodeInfo:
          kernelVersion: 5.10.90
          containerRuntimeVersion: containerd://1.4.2
          kubeletVersion: v1.27.0
      """,
    rule: .linux { pod, context in
      guard pod.workload.pod.hostNetwork, pod.hasNodeUsers(context) else { return .closed }
      return pod.assess(node: context.linux[.shimSocket]) { container, _ in
        .when(container.mayBeRoot)
      } evidence: { member, seen in
        member.evidence(
          "container \(member.container.name): hostNetwork is true and \(member.rootText); \(seen)",
          fix: pod.patch("hostNetwork: false"))
      }
    }
  )
}
