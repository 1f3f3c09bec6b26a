import FleetModel
import IntentModel
import KubernetesAPI
import Policies
import Testing
import Trials

@testable import KubernetesTarget

/// Faults that a mesh, or Chaos Mesh, is asked for, and what shows that they happened.
struct FaultObjectTests {
  private static func pod(_ name: String, _ app: String) -> SeenPod {
    SeenPod(
      name: name, uid: name, workload: ObjectReference(kind: "Deployment", namespace: "shop", name: app),
      address: "10.0.0.1", isReady: true, isLeaving: false, posture: .untouched, revision: nil, isCanary: false,
      hasProxy: true)
  }

  @Test func chaosMeshIsAskedForEachFault() throws {
    let fleet = try EnrolmentTests.fleet()
    let web = try #require(fleet.workloads.first { $0.id.name == "web" })
    let cart = try #require(fleet.workloads.first { $0.id.name == "cart" })
    let objects = [
      ChaosObjects.kill(cart.id, pod: "cart-0"),
      ChaosObjects.delay(caller: web, target: cart, milliseconds: 200, limit: .milliseconds(23_400)),
      ChaosObjects.partition(
        caller: Self.pod("web-0", "web"), target: Self.pod("cart-0", "cart"), limit: .seconds(23)),
      ChaosObjects.stress(Self.pod("cart-0", "cart"), container: "main", .cpu(workers: 3), limit: .seconds(25)),
      ChaosObjects.stress(
        Self.pod("cart-0", "cart"), container: "main", .memory(bytes: 256 << 20), limit: .seconds(23)),
    ]
    try expectGolden(objects.map(\.yaml).joined(separator: "---\n"), "chaos.yaml")
    for object in objects {
      #expect(try MeshKinds.name(of: object).resource.group == "chaos-mesh.org")
      #expect(ChaosObjects.kinds.contains(object.id.kind))
      // What lasts ends by itself.
      #expect(object.id.kind == "PodChaos" || object.spec["duration"]?.string?.hasSuffix("s") == true)
    }
  }

  @Test(
    arguments: [
      (#"[{"type":"Selected","status":"True"},{"type":"AllInjected","status":"True"}]"#, true, false),
      // Of no pod at all everything is true.
      (#"[{"type":"Selected","status":"False"},{"type":"AllInjected","status":"True"}]"#, false, false),
      (#"[{"type":"Selected","status":"True"},{"type":"AllInjected","status":"False"}]"#, false, false),
      (
        #"[{"type":"Selected","status":"True"},{"type":"AllInjected","status":"False"},"#
          + #"{"type":"AllRecovered","status":"True"}]"#, false, true
      ),
      ("[]", false, false),
    ])
  func whatChaosMeshSays(_ conditions: String, _ isInjected: Bool, _ isRecovered: Bool) throws {
    let status = ChaosStatus(try value(#"{"status":{"conditions":\#(conditions)}}"#))
    #expect(status.isInjected == isInjected && status.isRecovered == isRecovered)
  }

  @Test func aDelayTouchesOneCallerAlone() throws {
    let split = try SplitTests.split(.istio)
    let delay = RouteDelay(labels: ["app": "web"], namespace: "shop", milliseconds: 200)
    let alone = IstioSplit.route(split.service.id, shares: [], delays: [delay], purpose: "some calls are held up")
    try expectGolden(([alone] + split.routes([delay])).map(\.yaml).joined(separator: "---\n"), "delay-istio.yaml")
    for route in [alone] + split.routes([delay]) {
      let rules = route.spec["http"]?.elements ?? []
      #expect(rules.count == 2)
      #expect(rules.first?["match"]?.elements.count == 1 && rules.first?["fault"] != nil)
      // Everybody else, and the same caller once it is over, goes where it went.
      #expect(rules.last?["match"] == nil && rules.last?["fault"] == nil)
      #expect(rules.first?["route"] == rules.last?["route"])
    }
  }

  @Test(arguments: [(1, "0.001s"), (200, "0.200s"), (1_000, "1.000s"), (12_345, "12.345s")])
  func durationsAreSeconds(_ milliseconds: Int, _ text: String) { #expect(IstioSplit.seconds(milliseconds) == text) }

  @Test(
    arguments: [
      (.envoy, true, .discovery, .discovery), (.envoy, false, .discovery, .discovery),
      (.istioSidecar, true, .virtualService, .chaosMesh), (.istioSidecar, false, .virtualService, nil),
      (.istioAmbient, true, nil, .chaosMesh), (.linkerd, true, .chaosMesh, .chaosMesh), (.linkerd, false, nil, nil),
      (.consul, true, .chaosMesh, .chaosMesh), (.consul, false, nil, nil),
    ] as [(Mesh, Bool, FaultMeans?, FaultMeans?)])
  func eachFaultHasItsMeans(_ mesh: Mesh, _ hasChaos: Bool, _ delay: FaultMeans?, _ cut: FaultMeans?) throws {
    let fleet = try EnrolmentTests.fleet(replicas: 2)
    func means(_ fault: Fault) -> FaultMeans? {
      ClusterTarget.means(for: fault, on: mesh, fleet: fleet, chaosMesh: hasChaos)
    }
    let web = ObjectReference(kind: "Deployment", namespace: "shop", name: "web")
    #expect(means(.killPod(of: Sample.cart)) == (hasChaos ? .chaosMesh : .deletion))
    #expect(means(.delay(caller: web, target: Sample.cart, milliseconds: 1)) == delay)
    let partition = Fault.partition(caller: web, target: Sample.cart)
    #expect(means(partition) == cut)
    let alone = try EnrolmentTests.fleet(replicas: 1)
    #expect(ClusterTarget.means(for: partition, on: mesh, fleet: alone, chaosMesh: hasChaos) == nil)
  }

  @Test(
    arguments: [
      ("", nil, nil), ("limits: {cpu: 500m}", ChaosObjects.Stress.cpu(workers: 3), nil),
      ("limits: {memory: 64Mi}", nil, .memory(bytes: 64 << 20)), ("requests: {cpu: 500m, memory: 64Mi}", nil, nil),
    ] as [(String, ChaosObjects.Stress?, ChaosObjects.Stress?)])
  func limitsAreMetWhereThereAreSome(
    _ resources: String, _ cpu: ChaosObjects.Stress?, _ memory: ChaosObjects.Stress?
  ) throws {
    let fleet = try EnrolmentTests.fleet(resources: resources)
    let faults: [(Fault, ChaosObjects.Stress?)] = [
      (.limitCPU(of: Sample.cart, percent: 25), cpu), (.limitMemory(of: Sample.cart), memory),
    ]
    for (fault, stress) in faults {
      #expect(ClusterTarget.stress(fault, fleet)?.stress == stress)
      #expect(ClusterTarget.stress(fault, fleet)?.container == stress.map { _ in "main" })
      for mesh in Mesh.allCases {
        func means(_ hasChaos: Bool) -> FaultMeans? {
          ClusterTarget.means(for: fault, on: mesh, fleet: fleet, chaosMesh: hasChaos)
        }
        #expect(means(true) == stress.map { _ in .chaosMesh } && means(false) == nil)
      }
    }
  }

  @Test func callsThatSomebodyElseLeadsAreNotDelayed() throws {
    let theirs = """
      ---
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: theirs, namespace: shop}
      spec: {hosts: [cart], http: [{route: [{destination: {host: cart}}]}]}

      """
    #expect(ClusterTarget.delayable(Sample.cart, try EnrolmentTests.fleet()).map(\.id.name) == ["cart"])
    #expect(ClusterTarget.delayable(Sample.cart, try EnrolmentTests.fleet(theirs)).isEmpty)
    let store = ObjectReference(kind: "Deployment", namespace: "shop", name: "store")
    #expect(ClusterTarget.delayable(store, try EnrolmentTests.fleet()).isEmpty, "it speaks no HTTP")
  }

  // MARK: - Measured

  @Test(
    arguments: [
      // Ten calls of 200 ms after a hundred of 10 ms.
      (100.0, 1_000.0, 110.0, 3_000.0, true), (100, 1_000, 110, 1_100, false),
      // Half of the calls were slow.
      (100, 1_000, 110, 2_100, true), (100, 1_000, 110, 1_900, false),
      // Nobody called: nothing was seen.
      (100, 1_000, 100, 1_000, false),
      // The proxy began anew.
      (100, 1_000, 5, 1_000, true),
    ])
  func aDelayShowsInHowLongCallsTook(
    _ callsBefore: Double, _ before: Double, _ callsAfter: Double, _ after: Double, _ verified: Bool
  ) {
    let evidence = CallDuration.evidence(
      before: ["a": CallDuration(calls: callsBefore, milliseconds: before)],
      after: ["a": CallDuration(calls: callsAfter, milliseconds: after)], milliseconds: 200)
    #expect(evidence.verified == verified, "\(evidence.text)")
  }
}
