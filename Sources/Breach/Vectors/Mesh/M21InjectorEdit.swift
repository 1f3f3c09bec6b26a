import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let injectorEdit = Vector(
    code: "M21", title: "Rewriting what the injector puts into pods", severity: .critical,
    explanation: """
      The injector's template is added to every pod of the mesh. Who may edit its ConfigMap, or point a mutating \
      webhook at a server of their own, runs a container of their choice in all of them.
      """,
    mitigation:
      "Keep the right to write mutating webhooks and the control plane's ConfigMaps with the installer alone.",
    attack: ["T1546", "T1610"],
    references: ["https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/"],
    signature: [
      .audit("patch configmaps/istio-sidecar-injector"),
      .audit("patch mutatingwebhookconfigurations.admissionregistration.k8s.io"),
    ],
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
      metadata: {name: tool}
      rules:
      - {apiGroups: [""], resources: [configmaps], verbs: [update]}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata: {name: tool}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tool}
      subjects: [{kind: ServiceAccount, name: tool, namespace: shop}]
      """,
    rule: .subject { rights, context in
      guard !context.mesh.isEmpty, !rights.belongsToMesh else { return .closed }
      let homes: [(mesh: Mesh, namespace: String, maps: [String])] = [
        (.istioSidecar, context.mesh.settings.istioRootNamespace, ["istio-sidecar-injector", "istio"]),
        (.istioAmbient, context.mesh.settings.istioRootNamespace, ["istio", "istio-cni-config"]),
        (.linkerd, "linkerd", ["linkerd-config"]), (.consul, "consul", ["consul-server-config"]),
      ]
      let grants = rights.grants.filter { grant in
        ["update", "patch"].contains { verb in
          if grant.namespace == nil,
            grant.rule.allows(
              verb, "mutatingwebhookconfigurations", group: "admissionregistration.k8s.io", name: nil)
          {
            return true
          }
          return homes.contains { home in
            context.mesh.inUse.contains(home.mesh) && (grant.namespace == nil || grant.namespace == home.namespace)
              && home.maps.contains { grant.rule.allows(verb, "configmaps", group: "", name: $0) }
          }
        }
      }
      return rights.assessed(grants, what: "it may change what is put into every pod of the mesh")
    })
}
