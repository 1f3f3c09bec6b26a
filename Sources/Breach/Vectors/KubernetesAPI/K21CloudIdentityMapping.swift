import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let cloudIdentityMapping = Vector(
    code: "K21", title: "Writing oneself into the cloud's user mapping", severity: .critical,
    explanation: """
      On EKS the ConfigMap kube-system/aws-auth says which cloud identity is which user and group of the cluster. \
      Whoever may change it makes any identity a member of system:masters.
      """,
    mitigation: """
      Use EKS access entries (authentication mode API) instead of the ConfigMap, and give nobody write access to \
      ConfigMaps of kube-system.
      """,
    attack: ["T1098.006", "T1078.004"],
    references: ["https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html"],
    signature: [.audit("patch configmaps/aws-auth"), .audit("update configmaps/aws-auth")],
    example: """
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: aws-auth
        namespace: kube-system
      data:
        mapRoles: "[]"
      ---

      """
        + RightsRule.example(
          """
          - apiGroups: [""]
            resources: [configmaps]
            verbs: [get, patch]
          """, account: "tuner", namespace: "kube-system"),
    rule: .fleet { context in
      switch CloudMapping.isUsed(context) {
      case false?: return []
      case true?:
        return RightsRule.perBinding([.mapCloudUsers], context) { _ in
          "the ConfigMap aws-auth makes any cloud identity an administrator"
        }
      case nil:
        let writers = RightsRule.perBinding([.mapCloudUsers], context) { _ in "" }
        return writers.map {
          ObjectAssessment(
            resource: $0.resource, location: $0.location,
            assessment: .unknown(
              because:
                "it lets its subjects change ConfigMaps of kube-system, and whether this is EKS is not in the input"))
        }
      }
    }
  )
}

private enum CloudMapping {
  /// Nil where nothing tells which cloud this is.
  static func isUsed(_ context: AuditContext) -> Bool? {
    let fleet = context.fleet
    if fleet.configMaps.contains(where: { $0.id.namespace == "kube-system" && $0.id.name == "aws-auth" }) {
      return true
    }
    if fleet.nodes.contains(where: { node in node.labels.keys.contains { $0.hasPrefix("eks.amazonaws.com/") } })
      || fleet.serviceAccounts.contains(where: { $0.annotations["eks.amazonaws.com/role-arn"] != nil })
    {
      return true
    }
    return fleet.nodes.isEmpty ? nil : false
  }
}
