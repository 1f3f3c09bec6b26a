import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let serviceAccountToken = Vector(
    code: "K08", title: "Using the service account's token", severity: .high,
    explanation: """
      The token mounted into every pod by default is a key to the API server. Whoever breaks the container uses it \
      from there.
      """,
    mitigation: """
      Set automountServiceAccountToken: false on the pod or its service account.
      """,
    attack: ["T1611"], references: [],
    signature: [],
    example: "",
    escape: Escape(closedBy: .harden, scenery: .apiServer) { pod in
      pod.automountServiceAccountToken = true
    },
    rule: .pod { pod, context in .closed }
  )
}
