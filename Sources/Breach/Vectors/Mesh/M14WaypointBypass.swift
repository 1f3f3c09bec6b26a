import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let waypointBypass = Vector(
    code: "M14", title: "Reaching a workload beside its waypoint", severity: .high,
    explanation: """
      L7 policies are enforced by the waypoint. Callers with sidecars, outside the mesh or by pod address reach the \
      workload directly, and ztunnel lets them, unless a policy says that only the waypoint may call.
      """,
    mitigation: """
      Add an AuthorizationPolicy with a workload selector that denies every principal but the waypoint's; keep the \
      list of exceptions for callers with sidecars short and shrinking.
      """,
    attack: ["T1562.001", "T1021"],
    references: ["https://istio.io/latest/docs/ambient/migrate/migrate-policies/"],
    signature: [.state("an inbound connection at ztunnel whose principal is not the waypoint's")],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    rule: .fleet { context in
      let policies = Dictionary(grouping: context.objects("AuthorizationPolicy", group: "security.istio.io")) {
        $0.id.namespace
      }
      let root = context.mesh.settings.istioRootNamespace
      return context.mesh.membersByNamespace(of: [.istioAmbient]).compactMap { group in
        let behind = group.members.filter { $0.membership.waypoint != nil }
        let near = (policies[group.namespace] ?? []) + (group.namespace == root ? [] : policies[root] ?? [])
        let open = behind.filter { member in !near.contains { keepsOthersOut($0, member) } }
        guard let first = open.first, let waypoint = first.membership.waypoint else { return nil }
        let evidence = Evidence(
          message: "\(listed(open.map(\.workload.id.name))): no AuthorizationPolicy keeps out callers that do not come "
            + "through the waypoint \(waypoint)", fix: onlyWaypoint(first.workload, waypoint))
        return .namespace(group.namespace, context, at: first.workload.location, .open([evidence]))
      }
    })

  /// Enforced by ztunnel (it does not target a waypoint), selecting the workload, and about principals: a DENY of all
  /// but some, or an ALLOW of some, that names a service account of the workload's namespace for the waypoint.
  private static func keepsOthersOut(_ policy: CustomObject, _ member: MeshFacts.Member) -> Bool {
    guard policy.spec["targetRefs"] == nil, policy.spec["targetRef"] == nil else { return false }
    if let selector = policy.spec["selector"]?.labelSelector, !selector.matches(member.workload.podLabels) {
      return false
    }
    let denies = policy.spec["action"]?.string == "DENY"
    guard denies || ["ALLOW", nil].contains(policy.spec["action"]?.string) else { return false }
    let waypoint = member.membership.waypoint ?? ""
    let sources = (policy.spec["rules"]?.elements ?? []).flatMap { $0["from"]?.elements ?? [] }
    let names = sources.flatMap { $0["source"]?[denies ? "notPrincipals" : "principals"]?.strings ?? [] }
    return names.contains { $0.hasSuffix("/sa/\(waypoint)") }
  }

  private static func onlyWaypoint(_ workload: Workload, _ waypoint: String) -> String {
    let labels = workload.podLabels.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
    return """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: \(workload.id.name)-only-by-waypoint, namespace: \(workload.id.namespace)}
      spec:
        selector: {matchLabels: {\(labels.joined(separator: ", "))}}
        action: DENY
        rules:
        - from:
          - source: {notPrincipals: ["cluster.local/ns/\(workload.id.namespace)/sa/\(waypoint)"]}
      """
  }
}
