import Diagnostics
import FleetModel
import Intake
import IntentModel
import KubernetesAPI
import Testing
import Trials

@testable import KubernetesTarget

@Suite struct MeshTests {
  private static func pod(
    _ name: String, _ app: String, ready: Bool = true, leaving: Bool = false, posture: String? = nil,
    revision: String? = nil, canary: Bool = false, address: String = "10.0.0.1"
  ) throws -> DocumentValue {
    var labels = [#""app":"\#(app)""#]
    if let revision { labels.append(#""bulkhead.dev/revision":"\#(revision)""#) }
    if canary { labels.append(#""bulkhead.dev/cohort":"canary""#) }
    let annotations = posture.map { #""annotations":{"bulkhead.dev/posture":"\#($0)"},"# } ?? ""
    let proxy = posture == nil ? "" : #",{"name":"bulkhead-proxy"}"#
    let deletion = leaving ? #""deletionTimestamp":"2026-01-01T00:00:00Z","# : ""
    return try value(
      """
      {"metadata":{"name":"\(name)","uid":"uid-\(name)","namespace":"shop",\(deletion)\(annotations)
        "labels":{\(labels.joined(separator: ","))}},
       "spec":{"containers":[{"name":"app"}\(proxy)]},
       "status":{"phase":"Running","podIP":"\(address)",
        "conditions":[{"type":"Ready","status":"\(ready ? "True" : "False")"}]}}
      """)
  }

  private static func document() -> MeshDocument {
    let user = ObjectReference(kind: "Deployment", namespace: "shop", name: "user")
    var document = MeshDocument(trustDomain: "bulkhead.local")
    document.workloads = [
      .init(
        workload: Sample.cart, serviceAccount: "cart-account", podLabels: ["app": "cart"],
        inbound: [.init(port: 8080, wireProtocol: .http, callers: [user], servesOutside: false)], outbound: []),
      .init(
        workload: user, serviceAccount: "default", podLabels: ["app": "user"], inbound: [],
        outbound: [
          .init(
            service: ObjectReference(kind: "Service", namespace: "shop", name: "cart"), servicePort: 80,
            target: Sample.cart, targetPort: 8080, wireProtocol: .http)
        ]),
    ]
    document.services = [
      .init(
        service: ObjectReference(kind: "Service", namespace: "shop", name: "cart"), targets: [Sample.cart],
        ports: [.init(port: 80, targetPort: 8080, wireProtocol: .http)])
    ]
    return document
  }

  @Test func theStateIsWhatThePodsSay() throws {
    let strict = "mutualTLS=strict,authorisation=enforced,isolated"
    let view = ClusterView(
      pods: [
        try Self.pod("a", "cart"), try Self.pod("b", "cart", posture: strict, revision: "w1", canary: true),
        try Self.pod("c", "cart", leaving: true, posture: strict), try Self.pod("d", "other"),
        // An annotation without a sidecar is only a word.
        try Self.pod("e", "user"),
      ],
      services: [
        try value(#"{"metadata":{"name":"cart","namespace":"shop"},"spec":{"clusterIP":"10.96.0.5"}}"#)
      ])
    let state = view.meshState(Self.document(), now: 100)
    #expect(state.pods.map(\.id) == ["uid-a", "uid-b", "uid-c", "uid-e"])
    #expect(state.pods.map(\.intent.posture.enrolled) == [false, true, true, false])
    #expect(state.pods.map(\.ready) == [true, true, false, true])
    #expect(state.pods[1].intent.posture.isolated)
    // The service account is the identity, whatever else shares it.
    #expect(state.pods[1].intent.identity.description == "spiffe://bulkhead.local/ns/shop/sa/cart-account")
    #expect(state.services.map(\.virtualAddress) == ["10.96.0.5"])
  }

  @Test func aServiceWithoutAnAddressIsLeftOut() throws {
    for address in ["None", "", "fd00::1"] {
      let view = ClusterView(
        pods: [],
        services: [
          try value(#"{"metadata":{"name":"cart","namespace":"shop"},"spec":{"clusterIP":"\#(address)"}}"#)
        ])
      #expect(view.meshState(Self.document(), now: 0).services.isEmpty)
    }
  }

  @Test func aFaultEndsByItself() throws {
    var document = Self.document()
    document.delays = [.init(caller: Sample.cart, target: Sample.cart, milliseconds: 200, until: 50)]
    let view = ClusterView(pods: [], services: [])
    document.cuts = [.init(caller: "a", target: "b", until: 60)]
    #expect(view.meshState(document, now: 49).delays.count == 1)
    #expect(view.meshState(document, now: 50).delays.isEmpty)
    #expect(view.meshState(document, now: 59).cuts == [CutFault(caller: "a", target: "b")])
    #expect(view.meshState(document, now: 60).cuts.isEmpty)
  }

  @Test func theDocumentReadsBack() throws {
    let document = Self.document()
    #expect(try MeshDocument.read(try document.text) == document)
    #expect(throws: BulkheadError.self) { try MeshDocument.read("{") }
  }

  @Test(arguments: [
    (#""authenticated":true,"audiences":["bulkhead"]"#, "system:serviceaccount:shop:cart", true, true),
    (#""authenticated":false,"audiences":["bulkhead"]"#, "system:serviceaccount:shop:cart", true, false),
    (#""authenticated":true,"audiences":["api"]"#, "system:serviceaccount:shop:cart", true, false),
    (#""authenticated":true"#, "system:serviceaccount:shop:cart", true, false),
    (#""authenticated":true,"audiences":["bulkhead"]"#, "system:node:a", true, false),
    (#""authenticated":true,"audiences":["bulkhead"]"#, "system:serviceaccount:shop:cart", false, false),
  ])
  func aTokenProvesAPod(_ status: String, _ name: String, _ isBound: Bool, _ isTaken: Bool) throws {
    let extra =
      isBound
      ? #","extra":{"authentication.kubernetes.io/pod-name":["p"],"authentication.kubernetes.io/pod-uid":["u"]}"# : ""
    let review = try value(#"{"status":{\#(status),"user":{"username":"\#(name)"\#(extra)}}}"#)
    guard isTaken else {
      #expect(throws: BulkheadError.self) { try TokenReview.read(review) }
      return
    }
    let bearer = try TokenReview.read(review)
    #expect(bearer == .init(namespace: "shop", serviceAccount: "cart", pod: "p", uid: "u"))
  }

  // MARK: - Counts

  @Test func sidecarsCountersAreRead() {
    let counts = PodCounts(envoy: [
      "http.in_8080.downstream_rq_completed": 100, "http.in_8080.downstream_rq_5xx": 3,
      "http.in_8080.downstream_rq_2xx": 97, "http.in_8080.rbac.denied": 2, "tcp.in_5432.downstream_cx_total": 7,
      "http.out|shop/cart|80.downstream_rq_completed": 50, "http.out|shop/cart|80.downstream_rq_5xx": 5,
      "http.readiness.downstream_rq_completed": 9, "tcp.out|shop/db|5432.downstream_cx_total": 4, "nonsense": 1,
      SidecarCounter.refusedConnections: 4,
    ])
    #expect(counts.inbound == Tally(n: 111, errors: 9))
    let cart = ObjectReference(kind: "Service", namespace: "shop", name: "cart")
    let db = ObjectReference(kind: "Service", namespace: "shop", name: "db")
    #expect(counts.outbound == [cart: Tally(n: 50, errors: 5), db: Tally(n: 4, errors: 0)])
  }

  private static func seen(_ uid: String, _ revision: String?, isLeaving: Bool = false) -> SeenPod {
    SeenPod(
      name: uid, uid: uid, workload: Sample.cart, address: "10.0.0.1", isReady: true, isLeaving: isLeaving,
      posture: .untouched, revision: revision, isCanary: false, hasProxy: false)
  }

  private static func counts(_ n: Int, _ errors: Int = 0) -> PodCounts {
    var counts = PodCounts()
    counts.inbound = Tally(n: n, errors: errors)
    return counts
  }

  @Test func theBookOnlyGrows() {
    var book = TrafficBook()
    book.enter(Self.seen("a", nil), Self.counts(100, 1))
    book.enter(Self.seen("b", "w1"), Self.counts(10, 2))
    // A counter that began anew, and a pod that is gone: neither takes anything away.
    book.enter(Self.seen("a", nil), Self.counts(5))
    book.enter(Self.seen("b", "w1"), Self.counts(12, 2))
    let snapshot = book.snapshot(revisions: [Sample.cart: "w1"], entries: [Sample.cart])
    #expect(snapshot.tally(around: Sample.cart, cohort: .stable) == Tally(n: 105, errors: 1))
    #expect(snapshot.tally(around: Sample.cart, cohort: .canary) == Tally(n: 12, errors: 2))
    #expect(snapshot.allUsers == Tally(n: 117, errors: 3))
    // Another wave's pods are what stands.
    let later = book.snapshot(revisions: [:], entries: [])
    #expect(later.tally(around: Sample.cart, cohort: .stable) == Tally(n: 117, errors: 3))
    #expect(later.allUsers == Tally())
  }

  @Test func whoLeavesAtFirstSightIsNobodyBesideTheCanary() {
    var (book, counts) = (TrafficBook(), Self.counts(100, 1))
    counts.inboundLatency = Array(repeating: 1, count: LatencyBuckets.bounds.count + 1)
    book.enter(Self.seen("old", "w0", isLeaving: true), counts)
    book.enter(Self.seen("a", nil), Self.counts(10))
    #expect(book.snapshot(revisions: [:], entries: []).latency(of: Sample.cart, cohort: .stable) == nil)
    book.enter(Self.seen("a", nil, isLeaving: true), Self.counts(12))
    let tally = book.snapshot(revisions: [:], entries: []).tally(around: Sample.cart, cohort: .stable)
    #expect(tally == Tally(n: 12, errors: 0))
  }

  /// Anybody may write a page: no number on it ends the program.
  @Test func absurdCountsAreBounded() {
    var book = TrafficBook()
    for count in [Int.min, .max, -1, .min, 3, .max] {
      let bounded = Tally.bounded(count)
      var counts = Self.counts(bounded, bounded)
      counts.users = Tally(n: bounded, errors: bounded)
      for pod in ["a", "b", "c"] { book.enter(Self.seen(pod, nil), counts) }
    }
    let users = book.snapshot(revisions: [:], entries: []).allUsers
    #expect(users.n > 0 && users.n < 1 << 50, "\(users)")
  }

  @Test func playedUsersCountBeforeEntries() {
    var book = TrafficBook()
    var users = PodCounts()
    users.users = Tally(n: 40, errors: 4)
    book.enter(Self.seen("u", nil), users)
    book.enter(Self.seen("a", nil), Self.counts(100))
    #expect(book.snapshot(revisions: [:], entries: [Sample.cart]).allUsers == Tally(n: 40, errors: 4))
  }

  // MARK: - The fleet without Bulkhead

  @Test func whatBulkheadAddedIsNotPartOfTheFleet() throws {
    let body = Sample.template(Posture(mutualTLS: .permissive)).template
    let enrolled = try value(Sample.live).merging(.map(["spec": .map(["template": body])]))
    let stripped = FleetReader.stripped(enrolled, .deployments)
    let template = stripped?[path: "spec", "template"]
    #expect(template?[path: "spec", "containers"]?.elements.count == 1)
    #expect(template?[path: "spec", "initContainers"] == nil)
    #expect(template?[path: "spec", "volumes"]?.elements.count == 1)
    #expect(template?[path: "metadata", "labels"]?.stringMap == ["app": "cart"])
    let canary = CanaryDeployment(
      live: try value(Sample.live), template: Sample.template(.untouched), replicas: 1, annotations: [:])
    #expect(FleetReader.stripped(canary.object, .deployments) == nil)
  }

  @Test func aRolloutIsOverWhenAllPodsAreNew() throws {
    func live(_ generation: Int, _ observed: Int, _ replicas: Int, _ updated: Int, _ available: Int) throws -> Bool {
      DeploymentKind().progress(
        try value(
          """
          {"metadata":{"generation":\(generation)},"spec":{"replicas":2},"status":{"observedGeneration":\(observed),
           "replicas":\(replicas),"updatedReplicas":\(updated),"availableReplicas":\(available)}}
          """)
      ).isDone()
    }
    #expect(try live(3, 3, 2, 2, 2))
    #expect(try !live(4, 3, 2, 2, 2))
    #expect(try !live(3, 3, 3, 2, 2))
    #expect(try !live(3, 3, 2, 1, 2))
    #expect(try !live(3, 3, 2, 2, 1))
  }
}
