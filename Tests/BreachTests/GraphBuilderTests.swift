import Diagnostics
import FleetModel
import Intake
import IntentModel
import TestSupport
import Testing

@testable import Breach

/// From manifests to the graph: what becomes an edge, and what takes it away.
struct GraphBuilderTests {
  /// One vector stands for all: privileged containers break out.
  private static let privileged = Vector(
    code: "L01", title: "Privileged", severity: .critical, explanation: "", mitigation: "", attack: [], signature: [],
    example: "",
    rule: .pod { pod, _ in
      .from(
        pod.members.filter(\.effective.privileged).map {
          Evidence(container: $0.container.name, message: "\($0.container.name) is privileged", fix: "")
        })
    })

  private func graph(
    _ yaml: String, jewels: [String] = [], vectors: [Vector] = [privileged], countsUnknown: Bool = false
  ) throws -> BreachGraph {
    let fleet = try Intake().read([InputSource(name: "test.yaml", bytes: Array(yaml.utf8))]).fleet
    var options = BreachGraphBuilder.Options()
    options.jewels = jewels
    options.countsUnknown = countsUnknown
    return try BreachGraphBuilder(AuditContext(fleet), vectors: vectors, options: options).build()
  }

  private func deployment(
    _ name: String, namespace: String = "shop", replicas: Int = 1, pod: String = "", container: String = "",
    labels: String = ""
  ) -> String {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: \(name), namespace: \(namespace)\(labels.isEmpty ? "" : ", labels: {\(labels)}")}
    spec:
      replicas: \(replicas)
      selector: {matchLabels: {app: \(name)}}
      template:
        metadata: {labels: {app: \(name)}}
        spec:
          automountServiceAccountToken: false
          \(pod)
          containers:
            - name: main
              image: example/\(name)
              \(container)
    ---

    """
  }

  private func share(_ graph: BreachGraph, _ name: String) throws -> Exposure.Share {
    try #require(graph.exposure().shares.first { $0.workload.name == name })
  }

  private static let denyAll = """
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: deny, namespace: shop}
    spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
    ---

    """

  @Test func withoutPoliciesEverythingReachesEverything() throws {
    let open = try graph(deployment("web", replicas: 3) + deployment("base"))
    #expect(try share(open, "web").blastRadius == 3)
    #expect(try share(open, "base").blastRadius == 3)
  }

  @Test func policiesTakeTheNetworkAway() throws {
    let closed = try graph(deployment("web", replicas: 3) + deployment("base") + Self.denyAll)
    #expect(try share(closed, "web").blastRadius == 0)
    let halfOpen = try graph(
      deployment("web", replicas: 3) + deployment("base") + Self.denyAll + """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: web-out, namespace: shop}
        spec:
          podSelector: {matchLabels: {app: web}}
          policyTypes: [Egress]
          egress: [{to: [{podSelector: {matchLabels: {app: base}}}]}]
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: base-in, namespace: shop}
        spec:
          podSelector: {matchLabels: {app: base}}
          ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]

        """)
    #expect(try share(halfOpen, "web").blastRadius == 1)
    #expect(try share(halfOpen, "base").blastRadius == 0)
  }

  @Test func aBreakoutReachesTheNodeAndItsPods() throws {
    let yaml =
      deployment("web", container: "securityContext: {privileged: true}") + deployment("base", replicas: 2)
      + Self.denyAll
    let broken = try graph(yaml)
    #expect(try share(broken, "web").blastRadius == 2)
    #expect(try share(broken, "base").blastRadius == 0)
    let web = try share(broken, "web").workload
    let hardened = broken.exposure(applying: [Mitigation(.harden, web)])
    #expect(hardened.shares.allSatisfy { $0.blastRadius == 0 })
    let paths = broken.attackPaths(from: broken.workloads)
    #expect(paths.contains { $0.steps.first?.kind == .breakout && $0.steps.first?.code == "L01" })
  }

  @Test func podsOfKnownPlaceFallWithTheirNodeAlone() throws {
    let yaml =
      deployment("web", pod: "nodeName: one", container: "securityContext: {privileged: true}")
      + deployment("near", pod: "nodeName: one") + deployment("far", pod: "nodeName: two") + Self.denyAll
    #expect(try share(try graph(yaml), "web").blastRadius == 1)
  }

  @Test func unknownVectorsCountOnlyWhenAsked() throws {
    let unknown = Vector(
      code: "L07", title: "", severity: .high, explanation: "", mitigation: "", attack: [], signature: [], example: "",
      rule: .pod { _, _ in .unknown(because: "the kernel's version is not known") })
    let yaml = deployment("web") + deployment("base") + Self.denyAll
    #expect(try share(try graph(yaml, vectors: [unknown]), "web").blastRadius == 0)
    #expect(try share(try graph(yaml, vectors: [unknown], countsUnknown: true), "web").blastRadius == 1)
  }

  @Test func tokensLeadToWhatTheirRightsGive() throws {
    let yaml =
      """
      apiVersion: v1
      kind: ServiceAccount
      metadata: {name: robot, namespace: shop}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web, namespace: shop}
      spec:
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec: {serviceAccountName: robot, containers: [{name: main, image: a}]}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata: {name: runner, namespace: shop}
      rules: [{apiGroups: [""], resources: [pods/exec], verbs: [create]}]
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata: {name: robot-runs, namespace: shop}
      roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: runner}
      subjects: [{kind: ServiceAccount, name: robot, namespace: shop}]
      ---

      """ + deployment("base", replicas: 4) + deployment("other", namespace: "elsewhere") + Self.denyAll
    let armed = try graph(yaml)
    #expect(try share(armed, "web").blastRadius == 4)
    let revoke = try #require(armed.mitigations.first { $0.name.hasPrefix("revoke") })
    #expect(revoke.name == "revoke shop/robot-runs[RoleBinding]")
    #expect(armed.exposure(applying: [revoke]).shares.allSatisfy { $0.blastRadius == 0 })
  }

  @Test func sharedClaimsJoinTheirUsers() throws {
    let claim = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"
    let yaml =
      deployment("writer", pod: claim, container: "volumeMounts: [{name: data, mountPath: /data}]")
      + deployment("reader", pod: claim, container: "volumeMounts: [{name: data, mountPath: /data, readOnly: true}]")
      + Self.denyAll
    let shared = try graph(yaml)
    #expect(try share(shared, "writer").blastRadius == 1)
    #expect(try share(shared, "reader").blastRadius == 0)
  }

  @Test func jewelsByNameAndByLabel() throws {
    let yaml =
      deployment("web") + deployment("base", labels: "bulkhead.dev/jewel: \"250\"")
      + "apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: shop}\n"
    let labelled = try graph(yaml)
    #expect(labelled.all(.jewel).map { labelled.nodes[Int($0)].value } == [250])
    let both = try graph(yaml, jewels: ["shop/keys[Secret]", "shop/web"])
    #expect(both.all(.jewel).map { both.nodes[Int($0)].id.name } == ["base", "keys", "web"])
    #expect(throws: BulkheadError.self) { try graph(yaml, jewels: ["shop/nothing"]) }
    let path = try #require(labelled.attackPaths(from: [labelled.workloads[1]]).first)
    #expect(path.steps.map(\.kind) == [.network, .holds])
  }

  @Test func theOutsideComesInWhereAServiceLetsIt() throws {
    let yaml =
      deployment("web") + deployment("base") + """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}

        """
    let shop = try graph(yaml, jewels: ["shop/base"])
    let path = try #require(shop.attackPaths().first)
    #expect(shop.nodes[Int(path.from)].kind == .outside)
    #expect(path.steps.map { shop.nodes[Int($0.to)].kind } == [.service, .pod, .pod, .jewel])
    let analysis = BreachAnalysis(shop)
    #expect(analysis.solution.isExact)
    #expect(analysis.cuts.filter(\.isInCut).count == 1)
    #expect(analysis.solution.beyondCut.isEmpty)
    #expect(analysis.exposureRemovedTogether > 0)
    #expect(try share(shop, "web").falls > (try share(shop, "base").falls))
  }

  /// Grouped classes against pair by pair, over random policies.
  @Test func networkGroupsAreThePairs() throws {
    for round in 0..<25 {
      var random = SplitMix64(UInt64(round))
      var yaml = ""
      for index in 0..<6 { yaml += deployment("w\(index)", namespace: "ns\(index % 2)") }
      for index in 0..<Int.random(in: 0...4, using: &random) {
        let (own, peer) = (Int.random(in: 0..<6, using: &random), Int.random(in: 0..<6, using: &random))
        let direction = Bool.random(using: &random) ? ("Ingress", "ingress", "from") : ("Egress", "egress", "to")
        let rule = "{namespaceSelector: {}, podSelector: {matchLabels: {app: w\(peer)}}}"
        yaml += """
          apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: {name: p\(index), namespace: ns\(own % 2)}
          spec:
            podSelector: {matchLabels: {app: w\(own)}}
            policyTypes: [\(direction.0)]
            \(direction.1): [{\(direction.2): [\(rule)]}]
          ---

          """
      }
      let fleet = try Intake().read([InputSource(name: "test.yaml", bytes: Array(yaml.utf8))]).fleet
      let network = PolicyNetwork(fleet)
      for from in fleet.workloads.indices {
        for to in fleet.workloads.indices {
          let (a, b) = (network.classes[from], network.classes[to])
          let grouped = network.groups.contains { $0.from.contains(a) && $0.to.contains(b) }
          #expect(grouped == network.permits(from: a, to: b, port: 80))
        }
      }
    }
  }

  @Test func hostileNamesStayInert() throws {
    let yaml = deployment("web", labels: "bulkhead.dev/jewel: \"<script>\\\"\\u001b[31m\"")
    let analysis = BreachAnalysis(try graph(yaml))
    #expect(analysis.graph.all(.jewel).map { analysis.graph.nodes[Int($0)].value } == [100])
  }
}

extension GraphBuilderTests {
  @Test func theMeshRefusesWhomItDoesNotKnow() throws {
    let mesh = """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio-injection: enabled}}
      ---
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata: {name: default, namespace: shop}
      spec: {mtls: {mode: STRICT}}
      ---
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: base, namespace: shop}
      spec:
        selector: {matchLabels: {app: base}}
        action: ALLOW
        rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]
      ---

      """
    func workloads(_ port: String) -> String {
      deployment("web", pod: "serviceAccountName: web")
        + deployment("other", pod: "serviceAccountName: other")
        + deployment("base", replicas: 2, pod: "serviceAccountName: base", container: port)
    }
    let strict = try graph(mesh + workloads("ports: [{containerPort: 5432}]"))
    let paths = { (name: String) in
      let node = try #require(strict.workloads.first { strict.nodes[Int($0)].id.name == name })
      return strict.edges(from: node).map { strict.nodes[Int(strict.target(ofEdge: $0))].id.name }
    }
    #expect(try paths("web").contains("base"))
    #expect(try !paths("other").contains("base"))
    let open = try graph(workloads("ports: [{containerPort: 5432}]"))
    #expect(try share(open, "other").blastRadius == 3)
  }
}
