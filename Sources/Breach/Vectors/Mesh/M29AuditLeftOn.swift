import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let auditLeftOn = Vector(
    code: "M29", title: "Calling where a policy only watches", severity: .medium,
    explanation: """
      A policy in dry-run or audit mode writes down what it would refuse and refuses nothing. Left on after a rollout \
      it looks like protection in every list of policies.
      """,
    mitigation: "Switch the policy to enforcement once its log is empty, and give every dry run an end date.",
    attack: ["T1562.001"],
    references: [
      "https://istio.io/latest/docs/tasks/security/authorization/authz-dry-run/",
      "https://github.com/linkerd/linkerd2/pull/12846",
    ],
    signature: [.state("a request that was let through although a policy in dry-run mode matched it")],
    example: """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: cart, namespace: shop, annotations: {istio.io/dry-run: "true"}}
      spec:
        action: DENY
        rules: [{}]
      """,
    rule: .fleet { context in
      let policies = context.objects("AuthorizationPolicy", group: "security.istio.io")
        .filter { $0.annotations["istio.io/dry-run"] == "true" }
        .map { policy in
          ObjectAssessment.open(
            policy,
            [
              Evidence(
                message: "istio.io/dry-run is on: it refuses nothing",
                fix: "metadata:\n  annotations:\n    istio.io/dry-run: null")
            ])
        }
      let servers = context.objects("Server", group: "policy.linkerd.io")
        .filter { $0.spec["accessPolicy"]?.string == "audit" }
        .map {
          ObjectAssessment.open($0, [Evidence(message: "accessPolicy is audit", fix: "spec:\n  accessPolicy: deny")])
        }
      let key = "config.linkerd.io/default-inbound-policy"
      let namespaces = context.fleet.namespaces.filter { $0.annotations[key] == "audit" }.map { namespace in
        ObjectAssessment.namespace(
          namespace.name, context,
          .open([
            Evidence(
              message: "\(key) is audit: it refuses nothing", fix: "metadata:\n  annotations:\n    \(key): deny")
          ]))
      }
      let pods = context.mesh.members(of: [.linkerd]).map(\.workload).filter { $0.podAnnotations[key] == "audit" }
        .map { workload in
          ObjectAssessment.open(
            workload, "\(key) is audit: it refuses nothing", fix: workload.templatePatch(annotations: [(key, "deny")]))
        }
      return policies + servers + namespaces + pods + ciliumAudit(context)
    })

  private static func ciliumAudit(_ context: AuditContext) -> [ObjectAssessment] {
    context.fleet.configMaps.filter { $0.id.name == "cilium-config" && $0.data["policy-audit-mode"]?.value == "true" }
      .map { map in
        ObjectAssessment(
          resource: map.id, location: map.data["policy-audit-mode"]?.location ?? map.location,
          assessment: .open([
            Evidence(
              message: "policy-audit-mode is on: Cilium refuses nothing", fix: "data:\n  policy-audit-mode: \"false\"")
          ]))
      }
  }
}
