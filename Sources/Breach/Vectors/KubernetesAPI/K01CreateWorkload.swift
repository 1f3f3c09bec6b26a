import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let createWorkload = Vector(
    code: "K01", title: "Creating a pod of one's own choice", severity: .critical,
    explanation: """
      Whoever may create pods, directly or through any controller, writes the pod's specification: privileged, \
      with the \
      node's file system, under any service account of the namespace. Where Pod Security does not forbid it, that is \
      root on a node.
      """,
    mitigation: """
      Let only the deployment system create workloads, and enforce Pod Security (baseline or restricted) by the \
      namespace's label or an admission policy.
      """,
    attack: ["T1610", "T1053.007", "T1611"],
    references: [
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation",
      "https://kubernetes.io/docs/concepts/security/pod-security-admission/",
    ],
    signature: RiskyRight.workloads.map { .audit("create \($0.resource)") },
    example: RightsRule.example(
      """
      - apiGroups: [apps]
        resources: [deployments]
        verbs: [get, create]
      """),
    rule: .subject { rights, context in
      RightsRule.assess(rights, [.createWorkloads], context) { use in
        guard let space = use.namespace else {
          return "in namespaces that enforce no Pod Security level, privileged ones too"
        }
        guard let labels = context.namespaces[space]?.labels else {
          return "whether namespace \(space) enforces a Pod Security level is not in the input"
        }
        guard PodSecurityLabel.forbidsPrivileged(labels) else { return "the namespace does not forbid privileged pods" }
        return contained(labels, rights.subject, space, context)
      }
    }
  )

  /// Where privileged pods are forbidden, other service accounts of the namespace are still to be had; nil where there
  /// is none with rights.
  private static func contained(
    _ labels: [String: String], _ subject: Subject, _ space: String, _ context: AuditContext
  ) -> String? {
    let others = context.identity.holders(in: space, besides: subject)
    guard !others.isEmpty else { return nil }
    return "the namespace enforces Pod Security level \(PodSecurityLabel.level(labels) ?? ""), but pods can run as "
      + others.map(\.name).joined(separator: ", ") + ", with rights of its own"
  }
}
