import IntentModel
import MeshTraps
import Testing

/// One workload that has each trap, one that has it not, and one that cannot be decided where there is such.
struct TrapTableTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var code: String
    var what: String
    var mesh: Mesh
    var yaml: String
    var expected: String

    init(_ code: String, _ what: String, _ mesh: Mesh, _ yaml: String, _ expected: String) {
      self.code = code
      self.what = what
      self.mesh = mesh
      self.yaml = yaml
      self.expected = expected
    }

    var testDescription: String { "\(code) \(mesh): \(what)" }
  }

  private static let caller = Piece.deployment(container: #"env: [{name: LEDGER_ADDR, value: "ledger:8080"}]"#)
  private static func noted(_ notes: String, _ container: String = "tty: true", kind: String = "Deployment") -> String {
    Piece.deployment(kind: kind, notes: notes, container: container)
  }
  private static let notNative = #"sidecar.istio.io/nativeSidecar: "false""#
  private static let native = #"sidecar.istio.io/nativeSidecar: "true""#
  private static let waits =
    #"initContainers: [{name: wait, image: busybox, command: [sh, -c, "until nc -z db 5432; do sleep 1; done"]}]"#
  private static func job(_ notes: String = "", _ command: String = "[run]") -> String {
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: cart, namespace: shop}\nspec:\n  template:\n    metadata:\n"
      + "      annotations: {\(notes)}\n    spec:\n      restartPolicy: Never\n"
      + "      containers: [{name: a, image: x, command: \(command)}]\n"
  }

  static let starting: [Case] = [
    Case("T1", "nobody says native", .istioSidecar, caller + Piece.ledger, "unknown"),
    Case(
      "T1", "an ordinary sidecar", .istioSidecar,
      Piece.deployment(notes: notNative, container: #"env: [{name: LEDGER_ADDR, value: "ledger:8080"}]"#)
        + Piece.ledger, "yes"),
    Case(
      "T1", "a native sidecar", .istioSidecar,
      Piece.deployment(notes: native, container: #"env: [{name: LEDGER_ADDR, value: "ledger:8080"}]"#) + Piece.ledger,
      "no"),
    Case(
      "T1", "held back", .istioSidecar,
      Piece.deployment(
        notes: notNative + #", proxy.istio.io/config: "holdApplicationUntilProxyStarts: true""#,
        container: #"env: [{name: LEDGER_ADDR, value: "ledger:8080"}]"#) + Piece.ledger, "no"),
    Case("T1", "Linkerd waits", .linkerd, caller + Piece.ledger, "no"),
    Case("T1", "calls nobody", .istioSidecar, noted(notNative), "no"),
    Case("T2", "waits for a database", .istioSidecar, Piece.deployment(spec: waits), "yes"),
    Case("T2", "native", .istioSidecar, Piece.deployment(notes: native, spec: waits), "no"),
    Case("T2", "ambient does not mind", .istioAmbient, Piece.deployment(spec: waits), "no"),
    Case(
      "T2", "only files", .istioSidecar,
      Piece.deployment(spec: "initContainers: [{name: own, image: busybox, command: [chown, -R, '1', /data]}]"), "no"),
    Case("T3", "a job", .istioSidecar, job(), "yes"),
    Case("T3", "a job with a native sidecar", .istioSidecar, job(native), "no"),
    Case("T3", "a job that ends the proxy", .linkerd, job("", #"["linkerd-await", "--shutdown", "run"]"#), "no"),
    Case("T3", "ambient", .istioAmbient, job(), "no"),
    Case("T3", "no job", .istioSidecar, Piece.deployment(), "no"),
    Case(
      "T4", "restricted, no plugin", .istioSidecar,
      Piece.namespace(labels: "pod-security.kubernetes.io/enforce: restricted") + Piece.deployment() + Piece.istiod,
      "yes"),
    Case(
      "T4", "restricted, installation unknown", .istioSidecar,
      Piece.namespace(labels: "pod-security.kubernetes.io/enforce: baseline") + Piece.deployment(), "unknown"),
    Case(
      "T4", "restricted, plugin", .istioSidecar,
      Piece.namespace(labels: "pod-security.kubernetes.io/enforce: restricted") + Piece.deployment() + Piece.istiod
        + Piece.deployment("istio-cni-node", namespace: "istio-system", kind: "DaemonSet"), "no"),
    Case(
      "T4", "privileged", .istioSidecar,
      Piece.namespace(labels: "pod-security.kubernetes.io/enforce: privileged") + Piece.deployment(), "no"),
    Case(
      "T5", "nodes come and go", .istioAmbient,
      Piece.deployment() + Piece.deployment("karpenter", namespace: "kube-system"), "yes"),
    Case("T5", "nobody says", .istioAmbient, Piece.deployment(), "unknown"),
    Case("T5", "sidecars without the plugin", .istioSidecar, Piece.deployment(), "no"),
    Case(
      "T24", "Vault, webhook unknown", .istioSidecar, noted(#"vault.hashicorp.com/agent-inject: "true""#), "unknown"),
    Case("T24", "nobody else", .istioSidecar, Piece.deployment(), "no"),
    Case(
      "T25", "another version", .istioSidecar,
      Piece.istiod + Piece.deployment(spec: "initContainers: [{name: istio-proxy, image: i/proxyv2:1.20.0}]"), "yes"),
    Case(
      "T25", "the same version", .istioSidecar,
      Piece.istiod
        + Piece.deployment(spec: "initContainers: [{name: istio-proxy, image: i/proxyv2:1.26.2-distroless}]"), "no"),
    Case(
      "T25", "istiod unknown", .istioSidecar,
      Piece.deployment(spec: "initContainers: [{name: istio-proxy, image: i/proxyv2:1.20.0}]"), "unknown"),
    Case("T26", "one replica", .istioSidecar, Piece.deployment(replicas: 1), "yes"),
    Case("T26", "two replicas", .istioSidecar, Piece.deployment(), "no"),
    Case(
      "T26", "a budget for all", .istioSidecar,
      Piece.deployment()
        + Piece.object(
          "policy/v1", "PodDisruptionBudget", "b",
          "{minAvailable: 100%, selector: {matchLabels: {app: cart}}}"), "yes"),
    Case(
      "T26", "a budget for one", .istioSidecar,
      Piece.deployment()
        + Piece.object(
          "policy/v1", "PodDisruptionBudget", "b", "{minAvailable: 1, selector: {matchLabels: {app: cart}}}"), "no"),
  ]

  static let talking: [Case] = [
    Case("T6", "user 1337", .istioSidecar, Piece.deployment(spec: "securityContext: {runAsUser: 1337}"), "yes"),
    Case("T6", "user 1337 in Linkerd", .linkerd, Piece.deployment(spec: "securityContext: {runAsUser: 1337}"), "no"),
    Case("T6", "user 2102 in Linkerd", .linkerd, Piece.deployment(spec: "securityContext: {runAsUser: 2102}"), "yes"),
    Case("T6", "user 5995 in Consul", .consul, Piece.deployment(spec: "securityContext: {runAsUser: 5995}"), "yes"),
    Case("T6", "ambient", .istioAmbient, Piece.deployment(spec: "securityContext: {runAsUser: 1337}"), "no"),
    Case("T7", "PostgreSQL unnamed", .istioSidecar, Piece.service("{port: 5432}") + Piece.deployment(), "yes"),
    Case("T7", "PostgreSQL is opaque in Linkerd", .linkerd, Piece.service("{port: 5432}") + Piece.deployment(), "no"),
    Case("T7", "MongoDB is not", .linkerd, Piece.service("{port: 27017, name: tcp-db}") + Piece.deployment(), "yes"),
    Case(
      "T7", "MongoDB made opaque", .linkerd,
      Piece.service("{port: 27017}") + noted(#"config.linkerd.io/opaque-ports: "27000-27100""#), "no"),
    Case("T7", "named", .istioSidecar, Piece.service("{port: 5432, name: tcp-db}") + Piece.deployment(), "no"),
    Case("T8", "web", .istioSidecar, Piece.service("{port: 80, name: web}") + Piece.deployment(), "yes"),
    Case("T8", "http-web", .istioSidecar, Piece.service("{port: 80, name: http-web}") + Piece.deployment(), "no"),
    Case(
      "T8", "ambient without a waypoint", .istioAmbient, Piece.service("{port: 80, name: web}") + Piece.deployment(),
      "no"),
    Case(
      "T8", "ambient with a waypoint", .istioAmbient,
      Piece.namespace(labels: "istio.io/use-waypoint: w") + Piece.service("{port: 80, name: web}") + Piece.deployment(),
      "yes"),
    Case(
      "T9", "two protocols", .istioSidecar,
      Piece.service("{port: 80, targetPort: 8080, name: http}")
        + Piece.service("{port: 81, targetPort: 8080, name: tcp}", name: "raw") + Piece.deployment(), "yes"),
    Case(
      "T9", "one protocol", .istioSidecar,
      Piece.service("{port: 80, targetPort: 8080, name: http}")
        + Piece.service("{port: 81, targetPort: 8080, name: grpc}", name: "raw") + Piece.deployment(), "no"),
    Case(
      "T10", "not rewritten", .istioSidecar,
      noted(#"sidecar.istio.io/rewriteAppHTTPProbers: "false""#, "livenessProbe: {tcpSocket: {port: 80}}"), "yes"),
    Case("T10", "rewritten", .istioSidecar, noted("", "livenessProbe: {httpGet: {port: 80}}"), "no"),
    Case(
      "T10", "a fixed host", .istioSidecar, noted("", "livenessProbe: {httpGet: {port: 80, host: a.example}}"), "yes"),
    Case(
      "T10", "a command", .istioSidecar,
      noted(#"sidecar.istio.io/rewriteAppHTTPProbers: "false""#, "livenessProbe: {exec: {command: [ok]}}"), "no"),
    Case("T10", "a hook", .istioSidecar, noted("", "lifecycle: {preStop: {httpGet: {port: 80, path: /}}}"), "yes"),
    Case("T10", "TCP in Consul", .consul, noted("", "livenessProbe: {tcpSocket: {port: 80}}"), "yes"),
    Case("T10", "gRPC in Istio", .istioSidecar, noted("", "livenessProbe: {grpc: {port: 80}}"), "no"),
    Case(
      "T11", "headless, no protocol", .istioSidecar,
      Piece.service("{port: 7000, name: gossip}", spec: "clusterIP: None") + Piece.deployment(), "yes"),
    Case(
      "T11", "headless, named", .istioSidecar,
      Piece.service("{port: 7000, name: tcp-gossip}", spec: "clusterIP: None") + Piece.deployment(), "no"),
    Case("T12", "Eureka", .istioSidecar, noted("", #"env: [{name: EUREKA_URL, value: "http://e"}]"#), "yes"),
    Case("T12", "Linkerd knows addresses", .linkerd, noted("", #"env: [{name: EUREKA_URL, value: "http://e"}]"#), "no"),
    Case(
      "T12", "Kafka's ZooKeeper", .istioSidecar, noted("", #"env: [{name: KAFKA_ZOOKEEPER_CONNECT, value: z}]"#), "no"),
    Case(
      "T13", "a flag", .istioSidecar,
      Piece.service("{port: 80, name: http}") + noted("", #"args: [--host, "127.0.0.1"]"#), "yes"),
    Case(
      "T13", "a variable", .linkerd,
      Piece.service("{port: 80, name: http}") + noted("", #"env: [{name: BIND_ADDRESS, value: "localhost:80"}]"#), "yes"
    ),
    Case(
      "T13", "someone else's address", .istioSidecar,
      Piece.service("{port: 80, name: http}") + noted("", #"args: [--db-host=127.0.0.1]"#), "no"),
    Case(
      "T13", "all addresses", .istioSidecar,
      Piece.service("{port: 80, name: http}") + noted("", #"args: [--host=0.0.0.0]"#), "no"),
    Case("T14", "merged", .istioSidecar, noted(#"prometheus.io/scrape: "true""#), "no"),
    Case(
      "T14", "not merged", .istioSidecar,
      noted(#"prometheus.io/scrape: "true", prometheus.istio.io/merge-metrics: "false""#), "yes"),
    Case("T14", "ambient", .istioAmbient, noted(#"prometheus.io/scrape: "true""#), "yes"),
    Case("T14", "not scraped", .istioAmbient, Piece.deployment(), "no"),
    Case("T28", "probed by HTTPS", .istioSidecar, tlsPort("port: 9443, name: http-api"), "yes"),
    Case("T28", "probed by HTTPS", .envoy, tlsPort("port: 9443"), "yes"),
    Case("T28", "Istio looks where nothing is said", .istioSidecar, tlsPort("port: 9443"), "no"),
    Case("T28", "said", .envoy, tlsPort("port: 9443, appProtocol: https"), "no"),
    Case("T28", "another port", .envoy, tlsPort("port: 80, targetPort: 8080, name: http"), "no"),
    Case("T28", "by a port's name", .envoy, tlsPort("port: 80, targetPort: 9443, name: http", probe: "api"), "yes"),
    Case("T28", "another port's name", .envoy, tlsPort("port: 80, targetPort: 8080, name: http", probe: "api"), "no"),
    Case("T28", "by plain HTTP", .envoy, tlsPort("port: 9443, name: http", scheme: "HTTP"), "no"),
    Case("T28", "Linkerd sees TLS", .linkerd, tlsPort("port: 9443, name: http-api"), "no"),
    Case("T28", "called by https", .envoy, calledBy("https://cart:8080/items"), "yes"),
    Case("T28", "called by http", .envoy, calledBy("http://cart:8080/items"), "no"),
    Case(
      "T16", "a load balancer", .linkerd,
      Piece.service("{port: 80, name: http}", spec: "type: LoadBalancer") + Piece.deployment(), "yes"),
    Case("T16", "inside only", .linkerd, Piece.service("{port: 80, name: http}") + Piece.deployment(), "no"),
    Case(
      "T27", "all containers", .linkerd, Piece.deployment() + scaler("{type: Resource, resource: {name: cpu}}"), "yes"),
    Case(
      "T27", "one container", .linkerd,
      Piece.deployment() + scaler("{type: ContainerResource, containerResource: {name: cpu, container: server}}"),
      "no"),
  ]

  /// What cures T8 must not bring about T28.
  @Test func aPortThatSpeaksTLSIsNotToBeNamedHTTP() throws {
    let hits = try ["HTTPS", "HTTP"].flatMap { scheme in
      try TrapRun.hits("T8", Self.tlsPort("port: 9443", scheme: scheme), .istioSidecar)
    }
    #expect(hits.map { $0.fix[.istioSidecar].contains("appProtocol: https") } == [true, false])
    #expect(hits.map { $0.fix[.consul].contains("{protocol: tcp}") } == [true, false])
  }

  private static func tlsPort(_ port: String, probe: String = "9443", scheme: String = "HTTPS") -> String {
    Piece.service("{\(port)}")
      + Piece.deployment(
        container: "ports: [{name: api, containerPort: 9443}]\n"
          + "readinessProbe: {httpGet: {path: /ready, port: \(probe), scheme: \(scheme)}}")
  }
  private static func calledBy(_ address: String) -> String {
    Piece.service("{port: 8080, name: http}") + Piece.deployment()
      + Piece.deployment("web", container: #"env: [{name: CART_URL, value: "\#(address)"}]"#)
  }
  private static func scaler(_ metric: String) -> String {
    Piece.object(
      "autoscaling/v2", "HorizontalPodAutoscaler", "cart",
      "{scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}, minReplicas: 2, maxReplicas: 9, "
        + "metrics: [\(metric)]}")
  }
  private static func rule(_ mode: String) -> String {
    Piece.service("{port: 80, name: http}") + Piece.deployment()
      + Piece.object(
        "networking.istio.io/v1", "DestinationRule", "r",
        "{host: cart.shop.svc.cluster.local, trafficPolicy: {tls: {mode: \(mode)}}}")
  }
  private static func strict(_ mode: String) -> String {
    Piece.object("security.istio.io/v1", "PeerAuthentication", "p", "{mtls: {mode: \(mode)}}")
  }
  private static func chaos(_ app: String) -> String {
    Piece.deployment()
      + Piece.object(
        "chaos-mesh.org/v1alpha1", "HTTPChaos", "c", "{selector: {namespaces: [shop], labelSelectors: {app: \(app)}}}")
  }
  private static let canary = Piece.object(
    "flagger.app/v1beta1", "Canary", "cart", "{targetRef: {kind: Deployment, name: cart}}")

  static let configured: [Case] = [
    Case("T17", "DISABLE under STRICT", .istioSidecar, rule("DISABLE") + strict("STRICT"), "yes"),
    Case("T17", "ISTIO_MUTUAL under STRICT", .istioSidecar, rule("ISTIO_MUTUAL") + strict("STRICT"), "no"),
    Case("T17", "ISTIO_MUTUAL under DISABLE", .istioSidecar, rule("ISTIO_MUTUAL") + strict("DISABLE"), "yes"),
    Case("T17", "DISABLE under DISABLE", .istioSidecar, rule("DISABLE") + strict("DISABLE"), "no"),
    Case("T17", "DISABLE on the way to STRICT", .istioSidecar, rule("DISABLE"), "yes"),
    Case("T17", "Linkerd has no such rule", .linkerd, rule("DISABLE") + strict("STRICT"), "no"),
    Case("T18", "the end of a chain", .istioSidecar, caller + Piece.ledger, "no"),
    Case(
      "T19", "a fault alone", .istioSidecar,
      Piece.service("{port: 80, name: http}") + Piece.deployment()
        + Piece.object(
          "networking.istio.io/v1", "VirtualService", "v",
          "{hosts: [cart], http: [{fault: {delay: {}}}]}"),
      "no"),
    Case(
      "T19", "a fault and a timeout", .istioSidecar,
      Piece.service("{port: 80, name: http}") + Piece.deployment()
        + Piece.object(
          "networking.istio.io/v1", "VirtualService", "v",
          "{hosts: [cart.shop], http: [{timeout: 1s, fault: {delay: {}}}]}"),
      "yes"),
    Case("T20", "selected", .consul, chaos("cart"), "yes"),
    Case("T20", "not selected", .consul, chaos("other"), "no"),
    Case("T21", "a database", .istioAmbient, Piece.service("{port: 5432, name: tcp}") + Piece.deployment(), "yes"),
    Case("T21", "HTTP", .istioAmbient, Piece.service("{port: 80, name: http}") + Piece.deployment(), "no"),
    Case("T22", "a policy by app", .istioSidecar, canary + Piece.policy("ingress: [{}]") + Piece.deployment(), "yes"),
    Case(
      "T22", "a policy for all", .istioSidecar,
      canary + Piece.object("networking.k8s.io/v1", "NetworkPolicy", "n", "{podSelector: {}, ingress: [{}]}")
        + Piece.deployment(), "no"),
    Case("T22", "no canary", .istioSidecar, Piece.policy("ingress: [{}]") + Piece.deployment(), "no"),
    Case(
      "T23", "Falco", .linkerd, Piece.deployment() + Piece.deployment("falco", namespace: "falco", kind: "DaemonSet"),
      "yes"),
    Case("T23", "no agent", .linkerd, Piece.deployment(), "no"),
  ]

  @Test(arguments: starting + talking + configured) func itIsDecided(_ row: Case) throws {
    #expect(try TrapRun.outcome(row.code, row.yaml, row.mesh) == row.expected)
  }
}
