import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let runtimeSocket = Vector(
    code: "L20", title: "Steering the container runtime through its socket", severity: .critical,
    explanation: """
      Whoever can connect to the runtime's socket starts privileged containers on the node. A read-only mount does \
      not help: connecting is not writing.
      """,
    mitigation: """
      Remove the socket from the pod; run as a user other than root.
      """,
    attack: ["T1611"], references: [],
    signature: [],
    example: "",
    escape: Escape(closedBy: .harden, scenery: .runtimeSocket) { pod in
      pod.mountHostPath("/run/containerd", at: "/node-containerd", readOnly: true)
    },
    rule: .pod { pod, context in .closed }
  )
}
