import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let writableHostPath = Vector(
    code: "L17", title: "Writing into a folder that the node obeys", severity: .critical,
    explanation: """
      A writable hostPath over static pod manifests, cron or ssh keys lets the container leave a file there. The \
      node then runs it with its own rights.
      """,
    mitigation: """
      Remove the hostPath volume, or mount a folder of the workload's own read-only.
      """,
    attack: ["T1611"], references: [],
    signature: [],
    example: "",
    escape: Escape(closedBy: .harden, scenery: .manifestFolder) { pod in
      pod.mountHostPath("/etc/kubernetes", at: "/node-kubernetes", readOnly: false)
    },
    rule: .pod { pod, context in .closed }
  )
}
