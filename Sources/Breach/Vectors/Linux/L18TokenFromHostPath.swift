import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let tokenFromHostPath = Vector(
    code: "L18", title: "Reading other pods' tokens through a hostPath", severity: .critical,
    explanation: """
      A hostPath over the kubelet's folder shows the tokens of every pod on the node. Read-only is enough to take \
      over their identities.
      """,
    mitigation: """
      Remove the hostPath volume; run as a user other than root.
      """,
    attack: ["T1611"], references: [],
    signature: [],
    example: "",
    escape: Escape(closedBy: .harden, scenery: .tokenFile) { pod in
      pod.mountHostPath("/var/lib/kubelet", at: "/node-kubelet", readOnly: true)
    },
    rule: .pod { pod, context in .closed }
  )
}
