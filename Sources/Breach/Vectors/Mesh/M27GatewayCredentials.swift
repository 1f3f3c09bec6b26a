import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let gatewayCredentials = Vector(
    code: "M27", title: "Reading every certificate at the gateway", severity: .medium,
    explanation: """
      A gateway terminates TLS for many hosts, and its service account reads the Secrets with their keys. It is also \
      what the outside reaches first: one break-in takes all of them, and other Secrets of the namespace too.
      """,
    mitigation: """
      Run gateways in a namespace of their own with nothing but their certificates, one gateway for one trust zone, \
      and limit the right by resourceNames.
      """,
    attack: ["T1552.004"],
    references: ["https://istio.io/latest/docs/setup/additional-setup/gateway/"],
    signature: [.audit("list secrets by a gateway's service account")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: istio-ingressgateway, namespace: istio-system}
      spec:
        selector: {matchLabels: {istio: ingressgateway}}
        template:
          metadata: {labels: {istio: ingressgateway}}
          spec:
            serviceAccountName: gateway
            containers: [{name: istio-proxy, image: "docker.io/istio/proxyv2:1.26.0"}]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata: {name: gateway-sds, namespace: istio-system}
      rules:
      - {apiGroups: [""], resources: [secrets], verbs: [get, watch, list]}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata: {name: gateway-sds, namespace: istio-system}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gateway-sds}
      subjects: [{kind: ServiceAccount, name: gateway, namespace: istio-system}]
      """,
    rule: .fleet { context in
      context.fleet.workloads.filter(isGateway).map { gateway in
        ObjectAssessment(resource: gateway.id, location: gateway.location, assessment: assess(gateway, context))
      }
    })

  /// The labels of Istio's chart, those that controllers of the Gateway API put on, and Consul's.
  private static func isGateway(_ workload: Workload) -> Bool {
    let labels = workload.podLabels
    let isIstio = labels["istio"].map { $0.hasSuffix("gateway") } ?? false
    return isIstio || labels["gateway.networking.k8s.io/gateway-name"] != nil
      || labels["component"].map { ["api-gateway", "ingress-gateway", "terminating-gateway"].contains($0) } ?? false
  }

  private static func assess(_ gateway: Workload, _ context: AuditContext) -> Assessment {
    let rights = context.rights(
      of: Subject(kind: .serviceAccount, namespace: gateway.id.namespace, name: gateway.pod.serviceAccount))
    let grants = ["get", "list", "watch"].flatMap { verb in
      rights.grants(allowing: verb, "secrets").filter { $0.rule.resourceNames.isEmpty || verb != "get" }
    }
    guard let grant = grants.first else {
      guard let missing = rights.unresolved.first else { return .closed }
      return .unknown(because: "the role that \(missing.kind) \(missing.name) names is not in the input")
    }
    let place = grant.namespace.map { "of the namespace \($0)" } ?? "of the whole cluster"
    return .open([
      Evidence(
        message: "\(grant.role.kind) \(grant.role.name) lets the gateway read all Secrets \(place)",
        fix: "rules:\n- apiGroups: [\"\"]\n  resources: [secrets]\n  resourceNames: [gateway-certificate]\n"
          + "  verbs: [get, watch]", location: grant.location)
    ])
  }
}
