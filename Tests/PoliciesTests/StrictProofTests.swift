import FleetModel
import IntentModel
import Testing

@testable import Policies

/// Who would still speak plaintext, case by case; strict is refused while one remains.
struct StrictProofTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var yaml: String
    var mesh: PolicyTarget = .istioSidecar
    /// Reasons found for `cart`.
    var reasons: [PlaintextCaller.Reason]
    var testDescription: String { name }
  }

  private static let cart = Support.deployment("cart") + Support.service("cart")
  private static func web(
    _ pod: String = "", annotations: String = "{}", labels: String? = nil, kind: String = "Deployment"
  ) -> String {
    Support.deployment(
      "web", labels: labels, pod: pod, container: Support.calls("cart:80"), annotations: annotations, kind: kind)
  }

  static let cases: [Case] = [
    Case(name: "all in the mesh", yaml: web() + cart, reasons: []),
    Case(name: "a caller on the node's network", yaml: web("hostNetwork: true,") + cart, reasons: [.hostNetwork]),
    Case(
      name: "a caller that opts out", yaml: web(labels: "{app: web, sidecar.istio.io/inject: \"false\"}") + cart,
      reasons: [.notEnrolled]),
    Case(
      name: "a caller left alone",
      yaml: Support.deployment("agent", in: "kube-system", container: Support.calls("cart.shop:80")) + cart,
      reasons: [.notEnrolled]),
    Case(
      name: "a caller whose port passes by its proxy",
      yaml: web(annotations: "{traffic.sidecar.istio.io/excludeOutboundPorts: \"8080\"}") + cart,
      reasons: [.excluded]),
    Case(
      name: "users outside",
      yaml: web() + Support.deployment("cart") + Support.service("cart", spec: "type: LoadBalancer,"),
      reasons: [.outside]),
    Case(
      name: "an Ingress",
      yaml: web() + cart + """
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: shop, namespace: shop}
        spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: cart, port: {number: 80}}}}]}}]}
        """, reasons: [.ingress]),
    Case(
      name: "a webhook",
      yaml: web() + cart + """
        ---
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingWebhookConfiguration
        metadata: {name: checks}
        webhooks:
        - {name: cart.example.com, clientConfig: {service: {name: cart, namespace: shop, port: 80}}}
        """, reasons: [.webhook]),
    Case(
      name: "a probe of a fixed host",
      yaml: web()
        + Support.deployment(
          "cart", container: "ports: [{containerPort: 8080}], livenessProbe: {httpGet: {host: 10.0.0.1, port: 8080}},")
        + Support.service("cart"), reasons: [.probe]),
    Case(
      name: "a probe that is led past the proxy",
      yaml: web() + Support.deployment("cart", container: "livenessProbe: {httpGet: {port: 8080}},")
        + Support.service("cart"), reasons: []),
    Case(
      name: "a TCP probe under Consul",
      yaml: web() + Support.service("web")
        + Support.deployment(
          "cart", container: "livenessProbe: {tcpSocket: {port: 8080}},") + Support.service("cart"),
      mesh: .consul, reasons: [.probe]),
    Case(name: "a probe under Linkerd", yaml: web() + cart, mesh: .linkerd, reasons: []),
    Case(
      name: "metrics scraped beside the mesh",
      yaml: web()
        + Support.deployment(
          "cart",
          annotations: "{prometheus.io/scrape: \"true\", prometheus.io/port: \"9102\", "
            + "prometheus.istio.io/merge-metrics: \"false\"}") + Support.service("cart") + """
          ---
          apiVersion: v1
          kind: Pod
          metadata: {name: prometheus, namespace: kube-system, labels: {app: prometheus}}
          spec: {containers: [{name: main, image: "prom/prometheus:v3"}]}
          """, reasons: [.scrape]),
    Case(
      name: "metrics merged into Istio's",
      yaml: web()
        + Support.deployment(
          "cart", annotations: "{prometheus.io/scrape: \"true\", prometheus.io/port: \"9102\"}")
        + Support.service("cart") + """
          ---
          apiVersion: v1
          kind: Pod
          metadata: {name: prometheus, namespace: kube-system, labels: {app: prometheus}}
          spec: {containers: [{name: main, image: "prom/prometheus:v3"}]}
          """, reasons: []),
  ]

  @Test(arguments: cases)
  func callers(_ example: Case) throws {
    let set = try Support.solve(example.yaml, example.mesh)
    let verdict = try #require(set.strict.first { $0.workload.name == "cart" })
    #expect(verdict.callers.map(\.reason) == example.reasons)
    #expect(verdict.outcome == (example.reasons.isEmpty ? .strict : .refused))
    #expect(verdict.callers.allSatisfy { $0.location != nil && !$0.cure.isEmpty })
    // The same with an end date: ports, not the whole server.
    let dated = try Support.solve(example.yaml, example.mesh) { $0.exceptionsEnd = "2027-01-31" }
    let later = try #require(dated.strict.first { $0.workload.name == "cart" })
    #expect(later.outcome == (example.reasons.isEmpty ? .strict : .strictWithExceptions))
    #expect(later.exceptions.isEmpty == example.reasons.isEmpty)
  }

  @Test func jobsWithoutNativeSidecars() throws {
    let yaml =
      """
      apiVersion: batch/v1
      kind: Job
      metadata: {name: report, namespace: shop}
      spec:
        template:
          metadata: {labels: {app: report}}
          spec: {containers: [{name: main, image: "x:1", env: [{name: A, value: "cart:80"}]}]}

      """ + Support.deployment("cart") + Support.service("cart")
    let sidecar = try Support.solve(yaml, .istioSidecar).strict.first { $0.workload.name == "cart" }
    #expect(sidecar?.callers.map(\.reason) == [.job] && sidecar?.outcome == .refused)
    let ambient = try Support.solve(yaml, .istioAmbient).strict.first { $0.workload.name == "cart" }
    #expect(ambient?.outcome == .strict)
  }

  /// In the middle of a rollout a caller that is not in yet keeps its server from turning strict.
  @Test func whoIsNotEnrolledYet() throws {
    let fleet = try Support.fleet(Self.web() + Self.cart)
    let cart = try #require(fleet.workloads.first { $0.id.name == "cart" })
    let web = try #require(fleet.workloads.first { $0.id.name == "web" })
    let options = PolicyOptions(target: .istioSidecar)
    let early = StrictProof(fleet, mesh: .istioSidecar, enrolled: [cart.id], options: options).verdict(of: cart)
    #expect(early.outcome == .refused && early.callers.map(\.who) == ["\(web.id)"])
    let late = StrictProof(fleet, mesh: .istioSidecar, enrolled: [cart.id, web.id], options: options).verdict(of: cart)
    #expect(late.outcome == .strict)
    let none = StrictProof(fleet, mesh: .istioSidecar, enrolled: [], options: options).verdict(of: cart)
    #expect(none.outcome == .notInMesh)
  }

  @Test func exceptionsCarryOwnerAndEnd() throws {
    let set = try Support.solve(
      Support.deployment("cart") + Support.service("cart", spec: "type: NodePort,"), .istioSidecar
    ) {
      $0.exceptionsEnd = "2027-01-31"
      $0.exceptionOwner = "team-a"
    }
    let object = try #require(set.objects.first { $0.id.kind == "PeerAuthentication" })
    #expect(object.spec["mtls"]?["mode"]?.string == "STRICT")
    #expect(object.spec["portLevelMtls"]?["8080"]?["mode"]?.string == "PERMISSIVE")
    #expect(
      object.annotations == [
        "bulkhead.dev/exception-ends": "2027-01-31", "bulkhead.dev/exception-owner": "team-a",
      ])
  }
}
