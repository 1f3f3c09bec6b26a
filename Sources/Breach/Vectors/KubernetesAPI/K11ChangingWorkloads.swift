import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let changingWorkloads = Vector(
    code: "K11", title: "Replacing the image or the template of a running workload", severity: .high,
    explanation: """
      patch and update on a workload put another image, another command or another service account into it. The new \
      pods have the old ones' secrets, mounts and place in the network.
      """,
    mitigation: """
      Let only the deployment system change workloads; admit only signed images.
      """,
    attack: ["T1610", "T1525"],
    references: ["https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation"],
    signature: RiskyRight.workloads.flatMap {
      [Signature.audit("patch \($0.resource)"), .audit("update \($0.resource)")]
    },
    example: RightsRule.example(
      """
      - apiGroups: [apps]
        resources: [deployments]
        verbs: [get, patch]
      """),
    rule: .subject { rights, context in
      RightsRule.assess(rights, [.changeWorkloads], context) { use in
        use.requests.allSatisfy { $0.resource == "pods" } ? "of a running pod only the images can be replaced" : ""
      }
    }
  )
}
