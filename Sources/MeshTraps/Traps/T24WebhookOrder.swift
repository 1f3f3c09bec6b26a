import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let webhookOrder = Trap(
    code: "T24", title: "Another injector before or after the mesh's", severity: .medium, level: .readyAfterFix,
    meshes: [.istioSidecar, .linkerd, .consul],
    why: """
      Mutating webhooks run one after another, by name. A container that another one adds after the mesh's is not \
      seen by it: its probes are not rewritten, or an init container of it runs where nothing is captured yet.
      """,
    cure: "set reinvocationPolicy: IfNeeded on the mesh's webhook",
    references: [
      "https://github.com/linkerd/linkerd2/issues/4758",
      "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/",
      "https://github.com/telepresenceio/telepresence/issues/4156",
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart}
            annotations: {vault.hashicorp.com/agent-inject: "true"}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      ---
      apiVersion: admissionregistration.k8s.io/v1
      kind: MutatingWebhookConfiguration
      metadata: {name: istio-sidecar-injector}
      webhooks:
      - name: namespace.sidecar-injector.istio.io
        reinvocationPolicy: Never
        clientConfig: {service: {name: istiod, namespace: istio-system, path: /inject}}
        rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]
        sideEffects: None
        admissionReviewVersions: [v1]
      """,
    check: { pod, context in
      guard let other = injector(pod, context) else { return [] }
      return [Mesh.istioSidecar, .linkerd, .consul].compactMap { mesh in
        let own = context.injectorWebhooks[mesh] ?? []
        if !own.isEmpty, own.allSatisfy({ $0 == "IfNeeded" }) { return nil }
        return TrapHit(
          "\(other) adds containers to it, perhaps after the mesh's webhook has run",
          fix: MeshText(
            "kubectl patch mutatingwebhookconfiguration istio-sidecar-injector --type=json -p "
              + "'[{\"op\":\"add\",\"path\":\"/webhooks/0/reinvocationPolicy\",\"value\":\"IfNeeded\"}]'",
            [
              .linkerd: "# on webhook linkerd-proxy-injector.linkerd.io\nreinvocationPolicy: IfNeeded",
              .consul: "# in the values of consul\nconnectInject:\n  reinvocationPolicy: IfNeeded",
            ]),
          meshes: [mesh], undecided: own.isEmpty ? "the mesh's webhook is not in the input" : nil)
      }
    })

  private static func injector(_ pod: EffectivePod, _ context: TrapContext) -> String? {
    let asked: [(key: String, value: String, name: String)] = [
      ("vault.hashicorp.com/agent-inject", "true", "Vault's injector"),
      ("telepresence.getambassador.io/inject-traffic-agent", "enabled", "Telepresence's injector"),
      ("instrumentation.opentelemetry.io/inject-java", "true", "the OpenTelemetry operator"),
      ("sidecar.opentelemetry.io/inject", "true", "the OpenTelemetry operator"),
      ("sidecar.jaegertracing.io/inject", "true", "the Jaeger operator"),
      ("dapr.io/enabled", "true", "Dapr's injector"),
    ]
    let notes = pod.workload.podAnnotations
    return asked.first { notes[$0.key]?.lowercased() == $0.value }?.name
  }
}
