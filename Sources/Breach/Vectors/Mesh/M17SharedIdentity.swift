import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let sharedIdentity = Vector(
    code: "M17", title: "Being allowed what the neighbour is allowed", severity: .medium,
    explanation: """
      A mesh's identity is the service account. Workloads that share one, above all the account `default`, cannot be \
      told apart: who breaks into one may call whatever any of them may.
      """,
    mitigation: "Give every workload a ServiceAccount of its own and name it in policies.",
    attack: ["T1550", "T1078"],
    references: [
      "https://istio.io/latest/docs/ops/best-practices/security/",
      "https://linkerd.io/2/reference/authorization-policy/",
    ],
    signature: [.state("calls of different workloads under one principal")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    rule: .fleet { context in
      // Identities matter once a mesh gives them to pods: without one readiness says it (BH-SHARED-ACCOUNT).
      let members = context.mesh.members(of: Set(Mesh.allCases))
      let sharers = Dictionary(grouping: members) { "\($0.workload.id.namespace)/\($0.workload.pod.serviceAccount)" }
      return members.compactMap { member in
        let account = member.workload.pod.serviceAccount
        let others = (sharers["\(member.workload.id.namespace)/\(account)"] ?? []).map(\.workload.id)
          .filter { $0 != member.workload.id }
        guard account == "default" || !others.isEmpty else { return nil }
        let message =
          others.isEmpty
          ? "its identity is the namespace's account 'default', which every pod without one of its own gets"
          : "it shares the identity '\(account)' with \(listed(others.map(\.name)))"
        return .open(
          member.workload, message,
          fix: member.workload.templatePatch(spec: "serviceAccountName: \(member.workload.id.name)"))
      }
    })
}
