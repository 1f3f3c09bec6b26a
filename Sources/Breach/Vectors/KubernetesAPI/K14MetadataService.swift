import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let metadataService = Vector(
    code: "K14", title: "Taking the node's cloud credentials from the metadata service", severity: .high,
    explanation: """
      Any pod with a route to 169.254.169.254 can ask the cloud for the node's credentials. No capability is needed.
      """,
    mitigation: """
      Deny egress to 169.254.169.254 with a default-deny network policy; raise the hop limit protection of the \
      cloud.
      """,
    attack: ["T1611"], references: [],
    signature: [],
    example: "",
    escape: Escape(closedBy: .isolate, scenery: .metadataService) { _ in
      // An ordinary pod is weak enough: nothing but a network rule keeps it away.
    },
    rule: .pod { pod, context in .closed }
  )
}
