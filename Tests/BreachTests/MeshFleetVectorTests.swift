import Breach
import Testing

/// Vectors that mesh configuration, webhooks, policies or rights decide.
struct MeshFleetVectorTests {
  typealias Case = MeshPodVectorTests.Case
  private static let member = Piece.deployment(labels: Piece.sidecar, container: Piece.safe)
  private static let ambient = Piece.ambientNamespace + Piece.deployment(container: Piece.safe)
  private static let istiod = Piece.deployment(
    "istiod", namespace: "istio-system", image: "docker.io/istio/pilot:1.26.0")
  private static let security = "security.istio.io/v1"

  static let istioConfiguration: [Case] = [
    Case("M08", "PERMISSIVE", Piece.object(security, "PeerAuthentication", "{mtls: {mode: PERMISSIVE}}"), ["open x"]),
    Case(
      "M08", "a port disabled",
      Piece.object(security, "PeerAuthentication", #"{mtls: {mode: STRICT}, portLevelMtls: {"80": {mode: DISABLE}}}"#),
      ["open x"]),
    Case("M08", "STRICT", member + Piece.object(security, "PeerAuthentication", "{mtls: {mode: STRICT}}"), []),
    Case(
      "M08", "STRICT for the mesh",
      member + Piece.object(security, "PeerAuthentication", namespace: "istio-system", "{mtls: {mode: STRICT}}"), []),
    Case(
      "M08", "STRICT elsewhere",
      member + Piece.object(security, "PeerAuthentication", namespace: "other", "{mtls: {mode: STRICT}}"),
      ["unknown shop"]),
    Case("M08", "nobody says", member, ["unknown shop"]),
    Case("M08", "nobody says, installation known", member + Piece.meshConfig("enableTracing: true"), ["open shop"]),
    Case(
      "M08", "Linkerd lax",
      Piece.namespace(
        "shop", notes: "linkerd.io/inject: enabled, config.linkerd.io/default-inbound-policy: all-unauthenticated")
        + Piece.deployment(), ["open shop"]),
    Case(
      "M08", "Linkerd strict",
      Piece.namespace(
        "shop", notes: "linkerd.io/inject: enabled, config.linkerd.io/default-inbound-policy: all-authenticated")
        + Piece.deployment(), []),
    Case("M08", "Linkerd unknown", Piece.deployment(notes: "linkerd.io/inject: enabled"), ["unknown shop"]),
    Case(
      "M08", "Consul permissive",
      Piece.object("consul.hashicorp.com/v1alpha1", "ServiceDefaults", "{mutualTLSMode: permissive}")
        + Piece.object("consul.hashicorp.com/v1alpha1", "Mesh", "mesh", "{allowEnablingPermissiveMutualTLS: true}"),
      ["open x"]),
    Case(
      "M08", "Consul permissive, Mesh unknown",
      Piece.object("consul.hashicorp.com/v1alpha1", "ServiceDefaults", "{mutualTLSMode: permissive}"), ["unknown x"]),
    Case(
      "M08", "Consul permissive but not allowed",
      Piece.object("consul.hashicorp.com/v1alpha1", "ServiceDefaults", "{mutualTLSMode: permissive}")
        + Piece.object("consul.hashicorp.com/v1alpha1", "Mesh", "mesh", "{allowEnablingPermissiveMutualTLS: false}"), []
    ),
    Case("M09", "ambient with istiod", ambient + istiod, ["open istiod"]),
    Case("M09", "ambient without istiod", ambient, ["unknown istio-system"]),
    Case(
      "M09", "untainting",
      ambient
        + Piece.deployment(
          "istiod", namespace: "istio-system",
          container: #"env: [{name: PILOT_ENABLE_NODE_UNTAINT_CONTROLLERS, value: "true"}]"#), []),
    Case("M09", "sidecars without the plugin", member + istiod, []),
    Case("M11", "ALLOW_ANY by default", member + Piece.meshConfig("enableTracing: true"), ["open istio"]),
    Case("M11", "REGISTRY_ONLY", member + Piece.meshConfig("outboundTrafficPolicy:\n  mode: REGISTRY_ONLY"), []),
    Case("M11", "configuration unknown", member, ["unknown istio-system"]),
    Case(
      "M15", "DENY of paths, configuration known",
      Piece.object(security, "AuthorizationPolicy", #"{action: DENY, rules: [{to: [{operation: {paths: ["/a"]}}]}]}"#)
        + Piece.meshConfig("pathNormalization:\n  normalization: MERGE_SLASHES"), ["open x"]),
    Case(
      "M15", "DENY of paths, normalised",
      Piece.object(security, "AuthorizationPolicy", #"{action: DENY, rules: [{to: [{operation: {paths: ["/a"]}}]}]}"#)
        + Piece.meshConfig("pathNormalization:\n  normalization: DECODE_AND_MERGE_SLASHES"), []),
    Case(
      "M15", "DENY of paths, configuration unknown",
      Piece.object(security, "AuthorizationPolicy", #"{action: DENY, rules: [{to: [{operation: {paths: ["/a"]}}]}]}"#),
      ["unknown x"]),
    Case(
      "M15", "ALLOW of paths",
      Piece.object(security, "AuthorizationPolicy", #"{rules: [{to: [{operation: {paths: ["/a"]}}]}]}"#), []),
    Case("M16", "no policy", Piece.object(security, "RequestAuthentication", "{jwtRules: [{issuer: i}]}"), ["open x"]),
    Case(
      "M16", "a policy that asks",
      Piece.object(security, "RequestAuthentication", "{jwtRules: [{issuer: i}]}")
        + Piece.object(
          security, "AuthorizationPolicy", "need",
          #"{action: DENY, rules: [{from: [{source: {notRequestPrincipals: ["*"]}}]}]}"#), []),
    Case(
      "M16", "a policy for other pods",
      Piece.object(security, "RequestAuthentication", "{selector: {matchLabels: {app: a}}, jwtRules: [{issuer: i}]}")
        + Piece.object(
          security, "AuthorizationPolicy", "need",
          #"{selector: {matchLabels: {app: b}}, rules: [{from: [{source: {requestPrincipals: ["*"]}}]}]}"#),
      ["open x"]),
    Case(
      "M29", "dry run", Piece.object(security, "AuthorizationPolicy", "{}", notes: #"istio.io/dry-run: "true""#),
      ["open x"]),
    Case("M29", "enforced", Piece.object(security, "AuthorizationPolicy", "{}"), []),
    Case(
      "M29", "Linkerd's audit", Piece.object("policy.linkerd.io/v1beta3", "Server", "{accessPolicy: audit}"), ["open x"]
    ),
  ]

  static let placement: [Case] = [
    Case("M12", "no egress policy", member, ["open shop"]),
    Case(
      "M12", "an egress policy",
      member + Piece.object("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {}, policyTypes: [Egress]}"), []),
    Case(
      "M13", "15008 from everywhere",
      ambient
        + Piece.object(
          "networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {}, ingress: [{ports: [{port: 15008}]}]}"),
      ["open x"]),
    Case(
      "M13", "15008 from peers",
      ambient
        + Piece.object(
          "networking.k8s.io/v1", "NetworkPolicy",
          "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 15008}]}]}"), []),
    Case(
      "M13", "15008 in a range, from every namespace",
      ambient
        + Piece.object(
          "networking.k8s.io/v1", "NetworkPolicy",
          "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 15000, endPort: 15010}]}]}"),
      ["open x"]),
    Case(
      "M13", "sidecars do not mind",
      member
        + Piece.object(
          "networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {}, ingress: [{ports: [{port: 15008}]}]}"), []),
    Case(
      "M14", "a waypoint alone",
      Piece.namespace("shop", labels: "istio.io/dataplane-mode: ambient, istio.io/use-waypoint: way")
        + Piece.deployment(),
      ["open shop"]),
    Case(
      "M14", "only the waypoint may call",
      Piece.namespace("shop", labels: "istio.io/dataplane-mode: ambient, istio.io/use-waypoint: way")
        + Piece.deployment()
        + Piece.object(
          security, "AuthorizationPolicy",
          #"{action: DENY, rules: [{from: [{source: {notPrincipals: ["cluster.local/ns/shop/sa/way"]}}]}]}"#), []),
    Case("M14", "no waypoint", ambient, []),
    Case("M17", "the default account", member, ["open cart"]),
    Case(
      "M17", "an account of its own",
      Piece.deployment(labels: Piece.sidecar, spec: "serviceAccountName: cart"), []),
    Case(
      "M17", "two with one account",
      Piece.deployment("a", labels: Piece.sidecar, spec: "serviceAccountName: one")
        + Piece.deployment("b", labels: Piece.sidecar, spec: "serviceAccountName: one"), ["open a", "open b"]),
    Case("M19", "a sidecar", member, ["open shop"]),
    Case("M19", "ambient has none in the pod", ambient, []),
    Case("M23", "istiod unprotected", istiod, ["open istiod"]),
    Case("M23", "istiod not in the input", member, ["unknown istio-system"]),
    Case(
      "M23", "istiod protected",
      istiod
        + Piece.object(
          "networking.k8s.io/v1", "NetworkPolicy", namespace: "istio-system",
          "{podSelector: {}, ingress: [{ports: [{port: 15012}]}]}"), []),
    Case(
      "M25", "an old agent",
      Piece.deployment("istio-cni-node", namespace: "istio-system", kind: "DaemonSet", spec: "", container: "")
        .replacing("name: server", with: "name: install-cni").replacing(
          "example.com/app:1", with: "i/install-cni:1.19.4"),
      ["open istio-cni-node"]),
    Case(
      "M25", "a new agent",
      Piece.deployment("istio-cni-node", namespace: "istio-system", kind: "DaemonSet")
        .replacing("name: server", with: "name: install-cni").replacing(
          "example.com/app:1", with: "i/install-cni:1.26.0"), []),
    Case(
      "M25", "an agent without a version",
      Piece.deployment("istio-cni-node", namespace: "istio-system", kind: "DaemonSet")
        .replacing("name: server", with: "name: install-cni").replacing(
          "example.com/app:1", with: "i/install-cni:latest"),
      ["unknown istio-cni-node"]),
    Case(
      "M26", "two identities on any node",
      Piece.ambientNamespace + Piece.deployment("a", spec: "serviceAccountName: a")
        + Piece.deployment("b", spec: "serviceAccountName: b"), ["open shop"]),
    Case(
      "M26", "nodes of their own",
      Piece.ambientNamespace + Piece.deployment("a", spec: "serviceAccountName: a\nnodeSelector: {zone: a}")
        + Piece.deployment("b", spec: "serviceAccountName: b\nnodeSelector: {zone: b}"), []),
    Case(
      "M30", "HTTP made opaque",
      Piece.deployment(notes: #"linkerd.io/inject: enabled, config.linkerd.io/opaque-ports: "3306,8080""#),
      ["open cart"]),
    Case(
      "M30", "a database",
      Piece.deployment(notes: #"linkerd.io/inject: enabled, config.linkerd.io/opaque-ports: "3306""#), []),
    Case("M31", "no webhook in the input", member, ["unknown istio-system"]),
    Case("M31", "a webhook that fails closed", member + webhook("Fail"), []),
    Case("M31", "a webhook that lets pass", member + webhook("Ignore"), ["open injector"]),
  ]

  private static func webhook(_ policy: String) -> String {
    """
    apiVersion: admissionregistration.k8s.io/v1
    kind: MutatingWebhookConfiguration
    metadata: {name: injector}
    webhooks:
    - name: namespace.sidecar-injector.istio.io
      failurePolicy: \(policy)
      clientConfig: {service: {name: istiod, namespace: istio-system}}
      rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]
    ---

    """
  }

  private static let tool = Piece.deployment(
    "tool", labels: Piece.sidecar, spec: "serviceAccountName: tool", container: Piece.safe)
  private static let secrets = #"{apiGroups: [""], resources: [secrets], verbs: [get]}"#
  private static let routes = "{apiGroups: [networking.istio.io], resources: [virtualservices], verbs: [patch]}"

  static let rights: [Case] = [
    Case("M20", "writes routes", tool + Piece.rights(routes), ["open tool"]),
    Case("M20", "reads routes", tool + Piece.rights(routes.replacing("patch", with: "get")), []),
    Case(
      "M20", "no mesh to obey", Piece.deployment("tool", spec: "serviceAccountName: tool") + Piece.rights(routes), []),
    Case("M20", "a role that is not there", tool + Piece.binding(), ["unknown tool"]),
    Case(
      "M21", "writes every ConfigMap",
      tool + Piece.rights(#"{apiGroups: [""], resources: [configmaps], verbs: [update]}"#), ["open tool"]),
    Case(
      "M21", "writes ConfigMaps of its namespace",
      tool + Piece.rights(#"{apiGroups: [""], resources: [configmaps], verbs: [update]}"#, cluster: false), []),
    Case(
      "M21", "writes webhooks",
      tool
        + Piece.rights(
          "{apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [patch]}"),
      ["open tool"]),
    Case("M21", "a role that is not there", tool + Piece.binding(), ["unknown tool"]),
    Case("M24", "reads every Secret", tool + Piece.rights(secrets), ["open tool"]),
    Case("M24", "reads Secrets of its namespace", tool + Piece.rights(secrets, cluster: false), []),
    Case(
      "M24", "reads one harmless Secret",
      tool + Piece.rights(#"{apiGroups: [""], resources: [secrets], resourceNames: [mine], verbs: [get]}"#), []),
    Case("M24", "a role that is not there", tool + Piece.binding(), ["unknown tool"]),
    Case("M27", "a gateway that reads all Secrets", gateway + Piece.rights(secrets, cluster: false), ["open gw"]),
    Case(
      "M27", "a gateway that reads its own",
      gateway + Piece.rights(#"{apiGroups: [""], resources: [secrets], resourceNames: [tls], verbs: [get]}"#), []),
    Case("M27", "a gateway with an unknown role", gateway + Piece.binding(), ["unknown gw"]),
  ]
  private static let gateway = Piece.deployment(
    "gw", labels: "istio: ingressgateway", spec: "serviceAccountName: tool", container: Piece.safe)

  @Test(arguments: istioConfiguration + placement + rights) func itIsDecided(_ row: Case) throws {
    #expect(try MeshVectorRun.outcomes(row.code, row.yaml, kernel: row.kernel) == row.expected)
  }
}
