import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let hostNetworkLoopback = Vector(
    code: "L23", title: "Reaching services on the node's loopback address", severity: .high,
    explanation: """
      With hostNetwork the container is on the node's own network. Services that trust 127.0.0.1 (kubelet, etcd, debug \
      ports) answer it, and no sidecar sees the traffic.
      """,
    mitigation: """
      Set hostNetwork: false.
      """,
    attack: ["T1611", "T1040", "T1552.005"],
    references: [
      "kubernetes.io/docs/concepts/security/pod-security-standards", "hub.armosec.io/docs/c-0041",
      "github.com/falcosecurity/rules",
    ],
    signature: [
      .connect("127.0.0.1:10250"), .connect("127.0.0.1:10255"), .connect("127.0.0.1:2379"),
      .connect("169.254.169.254:80"), .call("socket", arguments: "AF_PACKET"),
    ],
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
      """,
    escape: Escape(closedBy: .harden, scenery: .nodeLoopback) { pod in
      pod.hostNetwork = true
    },
    rule: .linux { pod, context in
      guard pod.workload.pod.hostNetwork else { return .closed }
      let sniffs = pod.members.contains { $0.effective.mayGain(.netRaw) }
      return .open([
        Evidence(
          message: "hostNetwork is true: its containers reach what listens on the node's loopback address"
            + (sniffs ? ", and with NET_RAW they read the node's traffic" : ""),
          fix: pod.patch("hostNetwork: false"))
      ])
    }
  )
}
