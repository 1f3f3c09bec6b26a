import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let scrapedInPlaintext = Trap(
    code: "T14", title: "Metrics scraped in plain text", severity: .medium, level: .readyAfterFix, meshes: .all,
    why: """
      Prometheus has no certificate unless it is in the mesh. Under strict mTLS its scrapes are refused, and the \
      dashboards that should watch the rollout go dark. Istio merges annotated metrics into its own open port.
      """,
    cure: "take Prometheus into the mesh, merge metrics, or open the metrics port alone",
    references: [
      "https://istio.io/latest/docs/ops/integrations/prometheus/", "https://github.com/istio/istio/issues/9150",
      "https://github.com/istio/istio/issues/26367",
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
            annotations:
              prometheus.io/scrape: "true"
              prometheus.io/port: "9102"
              prometheus.istio.io/merge-metrics: "false"
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    check: { pod, context in
      let notes = pod.workload.podAnnotations
      let scraped = notes["prometheus.io/scrape"] == "true"
      let monitor = context.objects("PodMonitor").first { object in
        object.id.namespace == pod.workload.id.namespace
          && (object.spec["selector"]?.labelSelector.matches(pod.workload.podLabels) ?? false)
      }
      guard scraped || monitor != nil else { return [] }
      let port = notes["prometheus.io/port"] ?? "9090"
      // Merging works on the annotations; a PodMonitor goes to the port itself.
      let merged =
        monitor == nil && notes["prometheus.istio.io/merge-metrics"] != "false"
        && context.settings.istioMeshConfig?["enablePrometheusMerge"] != "false"
      let meshes = merged ? Set<Mesh>.all.subtracting([.istioSidecar]) : .all
      let how = monitor.map { "PodMonitor \($0.id.name)" } ?? "prometheus.io/scrape"
      return [
        TrapHit("its metrics are scraped in plain text (\(how))", fix: scrapeFix(pod.workload, port), meshes: meshes)
      ]
    })

  private static func scrapeFix(_ workload: Workload, _ port: String) -> MeshText {
    let labels = workload.podLabels.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
      .joined(separator: ", ")
    let exception = """
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata: {name: \(workload.id.name)-metrics, namespace: \(workload.id.namespace)}
      spec:
        selector: {matchLabels: {\(labels)}}
        mtls: {mode: STRICT}
        portLevelMtls: {"\(port)": {mode: PERMISSIVE}}
      """
    return MeshText(
      exception,
      [
        .istioSidecar: workload.templatePatch(annotations: [("prometheus.istio.io/merge-metrics", "true")]),
        .linkerd: "apiVersion: policy.linkerd.io/v1beta3\nkind: Server\n"
          + "metadata: {name: \(workload.id.name)-metrics, namespace: \(workload.id.namespace)}\n"
          + "spec:\n  podSelector: {matchLabels: {\(labels)}}\n  port: \(port)\n  accessPolicy: all-unauthenticated",
        .consul: workload.templatePatch(annotations: [
          ("consul.hashicorp.com/enable-metrics-merging", "true"),
          ("consul.hashicorp.com/service-metrics-port", port),
        ]),
        .envoy: workload.templatePatch(annotations: [("prometheus.io/port", "15090")])
          + "\n# and expose the proxy's own metrics there",
      ])
  }
}
