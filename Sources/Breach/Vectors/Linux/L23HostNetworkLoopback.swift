import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let hostNetworkLoopback = Vector(
    code: "L23", title: "Reaching services on the node's loopback address", severity: .high,
    explanation: """
      With hostNetwork the container is on the node's own network. Services that trust 127.0.0.1 (kubelet, etcd, \
      debug ports) answer it, and no sidecar sees the traffic.
      """,
    mitigation: """
      Set hostNetwork: false.
      """,
    attack: ["T1611"], references: [],
    signature: [],
    example: "",
    escape: Escape(closedBy: .harden, scenery: .nodeLoopback) { pod in
      pod.hostNetwork = true
    },
    rule: .pod { pod, context in .closed }
  )
}
