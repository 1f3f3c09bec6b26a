import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let processEnvironment = Vector(
    code: "L25", title: "Reading a neighbour container's memory and secrets", severity: .medium,
    explanation: """
      With shareProcessNamespace and the same uid, one container of a pod reads the environment and the files of \
      another, the sidecar's keys included.
      """,
    mitigation: """
      Set shareProcessNamespace: false, or give each container a uid of its own.
      """,
    attack: ["T1611"], references: [],
    signature: [],
    example: "",
    escape: Escape(closedBy: .harden, scenery: .neighbour) { pod in
      pod.shareProcessNamespace = true
    },
    rule: .pod { pod, context in .closed }
  )
}
