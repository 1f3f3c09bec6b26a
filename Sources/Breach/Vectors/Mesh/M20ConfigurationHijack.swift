import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let configurationHijack = Vector(
    code: "M20", title: "Rewriting the mesh's routes and policies", severity: .high,
    explanation: """
      Who may write the mesh's objects sends traffic elsewhere (VirtualService, ServiceEntry, Gateway), runs code in \
      every proxy (EnvoyFilter, WasmPlugin) or opens what was closed (AuthorizationPolicy, intentions).
      """,
    mitigation: """
      Give the right to write mesh objects to the delivery pipeline alone, per namespace, and refuse EnvoyFilter and \
      WasmPlugin by an admission rule.
      """,
    attack: ["T1557", "T1565"],
    references: [
      "https://istio.io/latest/docs/ops/best-practices/security/",
      "https://istio.io/latest/docs/reference/config/networking/envoy-filter/",
    ],
    signature: [
      .audit("create envoyfilters.networking.istio.io"), .audit("patch virtualservices.networking.istio.io"),
      .audit("patch authorizationpolicies.security.istio.io"), .audit("create wasmplugins.extensions.istio.io"),
    ],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio-injection: enabled}}
      ---
      apiVersion: v1
      kind: ServiceAccount
      metadata: {name: cart, namespace: shop}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            serviceAccountName: cart
            containers: [{name: server, image: "example.com/cart:1"}]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata: {name: routes, namespace: shop}
      rules:
      - {apiGroups: [networking.istio.io], resources: [virtualservices], verbs: [get, update]}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata: {name: routes, namespace: shop}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: routes}
      subjects: [{kind: ServiceAccount, name: cart, namespace: shop}]
      """,
    rule: .subject { rights, context in
      // Without a mesh nobody reads such objects.
      guard !context.mesh.isEmpty, !rights.belongsToMesh else { return .closed }
      let grants = rights.grants.filter { grant in
        meshObjects.contains { kind in
          ["create", "update", "patch"].contains { verb in
            grant.rule.allows(verb, kind.resource, group: kind.group, name: nil)
          }
        }
      }
      return rights.assessed(grants, what: "it may write objects that the mesh obeys")
    })

  private static let meshObjects: [(group: String, resource: String)] = [
    ("networking.istio.io", "envoyfilters"), ("networking.istio.io", "virtualservices"),
    ("networking.istio.io", "serviceentries"), ("networking.istio.io", "destinationrules"),
    ("networking.istio.io", "gateways"), ("networking.istio.io", "sidecars"),
    ("networking.istio.io", "workloadentries"), ("extensions.istio.io", "wasmplugins"),
    ("security.istio.io", "authorizationpolicies"), ("security.istio.io", "peerauthentications"),
    ("security.istio.io", "requestauthentications"), ("policy.linkerd.io", "servers"),
    ("policy.linkerd.io", "authorizationpolicies"), ("policy.linkerd.io", "serverauthorizations"),
    ("consul.hashicorp.com", "serviceintentions"), ("consul.hashicorp.com", "proxydefaults"),
    ("consul.hashicorp.com", "serviceresolvers"), ("gateway.networking.k8s.io", "httproutes"),
  ]
}
