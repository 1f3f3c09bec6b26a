import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let injectionFailsOpen = Vector(
    code: "M31", title: "Starting without a proxy while the injector is down", severity: .medium,
    explanation: """
      An injection webhook with failurePolicy Ignore lets pods through when it does not answer. What starts during an \
      outage of the control plane runs outside the mesh, and stays so until it is restarted.
      """,
    mitigation: """
      Set failurePolicy to Fail and run the control plane with several replicas and a disruption budget; rehearse it \
      by stopping the injector while a workload scales up.
      """,
    attack: ["T1562.001", "T1499"],
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/",
      "https://linkerd.io/2/features/ha/",
    ],
    signature: [.state("a pod of the mesh without a proxy, created while the injector did not answer")],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
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
      ---
      apiVersion: admissionregistration.k8s.io/v1
      kind: MutatingWebhookConfiguration
      metadata: {name: linkerd-proxy-injector-webhook-config}
      webhooks:
      - name: linkerd-proxy-injector.linkerd.io
        failurePolicy: Ignore
        clientConfig: {service: {name: linkerd-proxy-injector, namespace: linkerd, path: /}}
        rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods, services]}]
        sideEffects: None
        admissionReviewVersions: [v1]
      """,
    rule: .fleet { context in
      var seen: Set<Mesh> = []
      var result: [ObjectAssessment] = []
      for configuration in context.fleet.webhooks where configuration.mutates {
        let injectors = configuration.webhooks.filter { injectedMesh($0.name) != nil }
        seen.formUnion(injectors.compactMap { injectedMesh($0.name) })
        let lax = injectors.filter { $0.failurePolicy == "Ignore" }
        guard !injectors.isEmpty else { continue }
        let evidence = lax.map { webhook in
          Evidence(
            message: "webhook \(webhook.name) has failurePolicy Ignore",
            fix: "webhooks:\n- name: \(webhook.name)\n  failurePolicy: Fail")
        }
        result.append(
          ObjectAssessment(
            resource: configuration.id, location: configuration.location, assessment: .from(evidence)))
      }
      // A proxy written into the manifest needs no injector.
      let injected = context.mesh.members.filter { !$0.membership.injectedByHand }.compactMap(\.membership.mesh)
      for mesh in [Mesh.istioSidecar, .linkerd, .consul] where injected.contains(mesh) && !seen.contains(mesh) {
        result.append(.unknown(mesh, because: "the injection webhook of \(mesh.title) is not in the input"))
      }
      return result
    })

  private static func injectedMesh(_ webhook: String) -> Mesh? {
    if webhook.hasSuffix("sidecar-injector.istio.io") { return .istioSidecar }
    if webhook == "linkerd-proxy-injector.linkerd.io" { return .linkerd }
    return webhook.hasPrefix("consul-connect-injector") || webhook.hasSuffix("connect-injector.consul.hashicorp.com")
      ? .consul : nil
  }
}
