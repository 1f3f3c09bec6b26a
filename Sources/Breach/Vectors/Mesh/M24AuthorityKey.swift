import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let authorityKey = Vector(
    code: "M24", title: "Taking the key of the mesh's certificate authority", severity: .critical,
    explanation: """
      The key that signs every identity of the mesh is a Secret in the control plane's namespace. Who may read it \
      signs certificates for any workload, and no policy can tell them from real ones.
      """,
    mitigation: """
      Keep the key outside the cluster (an external CA, cert-manager with istio-csr, Vault), or let nobody but the \
      control plane read Secrets in its namespace.
      """,
    attack: ["T1552.004", "T1649"],
    references: [
      "https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/",
      "https://linkerd.io/2/tasks/automatically-rotating-control-plane-tls-credentials/",
    ],
    signature: [.audit("get secrets/cacerts"), .audit("get secrets/linkerd-identity-issuer"), .audit("list secrets")],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio-injection: enabled}}
      ---
      apiVersion: v1
      kind: ServiceAccount
      metadata: {name: tool, namespace: shop}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: tool, namespace: shop}
      spec:
        selector: {matchLabels: {app: tool}}
        template:
          metadata: {labels: {app: tool}}
          spec:
            serviceAccountName: tool
            containers: [{name: server, image: "example.com/tool:1"}]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata: {name: secret-reader}
      rules:
      - {apiGroups: [""], resources: [secrets], verbs: [get]}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: tool}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-reader}
      subjects: [{kind: ServiceAccount, name: tool, namespace: shop}]
      """,
    rule: .subject { rights, context in
      guard !context.mesh.isEmpty, !rights.belongsToMesh else { return .closed }
      let keys: [(mesh: Mesh, namespace: String, names: [String])] = [
        (.istioSidecar, context.mesh.settings.istioRootNamespace, ["cacerts", "istio-ca-secret"]),
        (.istioAmbient, context.mesh.settings.istioRootNamespace, ["cacerts", "istio-ca-secret"]),
        (.linkerd, "linkerd", ["linkerd-identity-issuer", "linkerd-trust-anchor"]),
        (.consul, "consul", ["consul-ca-key", "consul-ca-cert"]),
      ]
      let grants = rights.grants.filter { grant in
        keys.contains { entry in
          guard context.mesh.inUse.contains(entry.mesh) else { return false }
          guard grant.namespace == nil || grant.namespace == entry.namespace else { return false }
          return entry.names.contains { grant.rule.allows("get", "secrets", group: "", name: $0) }
            || grant.rule.allows("list", "secrets", group: "", name: nil)
            || grant.rule.allows("watch", "secrets", group: "", name: nil)
        }
      }
      return rights.assessed(grants, what: "it may read the key that signs every identity of the mesh")
    })
}
