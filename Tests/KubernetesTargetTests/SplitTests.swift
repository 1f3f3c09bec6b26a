import Diagnostics
import FleetModel
import Intake
import IntentModel
import KubernetesAPI
import Policies
import Testing

@testable import KubernetesTarget

/// A canary's share by weights, in the objects of each mesh.
struct SplitTests {
  static let forms: [(TrafficSplit.Form, String)] = [
    (.istio, "split-istio.yaml"), (.gateway(version: "v1"), "split-gateway.yaml"), (.consul, "split-consul.yaml"),
  ]

  /// Two ports, and a Service that says how Linkerd is to repeat.
  private static let cart = """
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: cart, namespace: shop, annotations: {retry.linkerd.io/http: 5xx, example.com/owner: team}}
    spec:
      selector: {app: cart}
      ports:
      - {name: http, port: 80, targetPort: 8080}
      - {name: grpc, port: 90, targetPort: grpc, appProtocol: kubernetes.io/h2c}

    """

  static func split(_ form: TrafficSplit.Form, percent: Int = 5, name: String = "cart") throws -> TrafficSplit {
    let text = cart.replacing("name: cart", with: "name: \(name)")
    let fleet = try Intake().read([InputSource(name: "in.yaml", bytes: Array(text.utf8))]).fleet
    let service = try #require(fleet.services.first)
    return TrafficSplit(form: form, service: service, stable: "w1-aa", canary: "w3-bb", percent: percent)
  }

  @Test(arguments: forms.indices)
  func everyStepOfASplitIsWritten(_ index: Int) throws {
    let (form, file) = Self.forms[index]
    let split = try Self.split(form)
    func text(_ title: String, _ objects: [ManifestObject]) -> String {
      objects.map { "---\n# \(title)\n\($0.yaml)" }.joined()
    }
    let whole =
      text("1. groups", split.groups()) + text("2. routes", split.routes())
      + text("3. groups, wide, before the routes go", split.groups(wide: true))
    try expectGolden(whole, file)
    for object in split.groups() + split.routes() {
      #expect(try MeshKinds.name(of: object).name == object.id.name)
      #expect(object.id.namespace == "shop")
    }
  }

  /// Whatever is left of a split, and of whichever revisions it was, is found by its name.
  @Test(arguments: forms.indices)
  func remainsHaveTheNamesOfTheSplit(_ index: Int) throws {
    let form = Self.forms[index].0
    let split = try Self.split(form)
    let left = TrafficSplit.remains(form, split.service)
    #expect(left.groups().map(\.id) == split.groups().map(\.id))
    #expect(left.routes().map(\.id) == split.routes().map(\.id))
    // A wide group selects no revision.
    let wide = left.groups(wide: true).map(\.yaml).joined()
    #expect(!wide.contains("revision:") && !wide.contains("w1-aa") && !wide.contains("Service.Meta"))
    #expect(left.groups(wide: true).map(\.id) == split.groups().map(\.id))
  }

  @Test(arguments: [1, 5, 25, 50, 99])
  func sharesAddUpToAll(_ percent: Int) throws {
    for (form, _) in Self.forms {
      for route in try Self.split(form, percent: percent).routes() {
        let weights = Self.weights(route.spec)
        #expect(weights.count == 2 && weights.reduce(0, +) == 100 && weights.contains(percent), "\(weights)")
      }
    }
  }

  private static func weights(_ value: DocumentValue) -> [Int] {
    switch value {
    case .mapping(let entries): entries.flatMap { $0.key == "weight" ? [$0.value.integer ?? -1] : weights($0.value) }
    case .list(let elements): elements.flatMap(weights)
    default: []
    }
  }

  @Test func aLongNameStaysALabel() throws {
    let (one, other) = (String(repeating: "a", count: 62) + "b", String(repeating: "a", count: 62) + "c")
    let names = try [one, other].flatMap { name -> [String] in
      let split = try Self.split(.gateway(version: "v1"), name: name)
      return (split.groups() + split.routes()).map(\.id.name)
    }
    #expect(names.allSatisfy { $0.utf8.count <= 63 })
    #expect(Set(names).count == 8)
  }

  // MARK: - What a mesh says of them

  @Test(
    arguments: [
      (#"{"parents":[{"conditions":[{"type":"Accepted","status":"True","observedGeneration":2}]}]}"#, true),
      (#"{"parents":[{"conditions":[{"type":"Accepted","status":"True"}]}]}"#, true),
      (#"{"parents":[{"conditions":[{"type":"Accepted","status":"True","observedGeneration":1}]}]}"#, false),
      (#"{"parents":[{"conditions":[{"type":"Accepted","status":"False","observedGeneration":2}]}]}"#, false),
      (
        #"{"parents":[{"conditions":[{"type":"Accepted","status":"True"},{"type":"ResolvedRefs","status":"False"}]}]}"#,
        false
      ),
      (#"{"parents":[]}"#, false), ("{}", false),
      (
        #"{"parents":[{"conditions":[{"type":"Accepted","status":"False"}]},"#
          + #"{"conditions":[{"type":"Accepted","status":"True"},{"type":"ResolvedRefs","status":"True"}]}]}"#, true
      ),
    ] as [(String, Bool)])
  func aRouteIsTakenOnceAControllerSaysSo(_ status: String, _ isTaken: Bool) throws {
    let live = try value(#"{"metadata":{"generation":2},"status":\#(status)}"#)
    #expect(try Self.split(.gateway(version: "v1")).isTaken(live) == isTaken)
  }

  @Test func consulSaysWhatItHas() throws {
    let split = try Self.split(.consul)
    #expect(try split.isTaken(value(#"{"status":{"conditions":[{"type":"Synced","status":"True"}]}}"#)))
    #expect(try !split.isTaken(value(#"{"status":{"conditions":[{"type":"Synced","status":"False"}]}}"#)))
    #expect(try !split.isTaken(value("{}")))
  }

  // MARK: - Others' objects

  @Test(
    arguments: [
      ("VirtualService", "x", "shop", #"{"hosts":["cart"]}"#, true),
      ("VirtualService", "x", "other", #"{"hosts":["cart"]}"#, false),
      ("VirtualService", "x", "other", #"{"hosts":["cart.shop"]}"#, true),
      ("VirtualService", "x", "other", #"{"hosts":["*.shop.svc.cluster.local"]}"#, true),
      ("VirtualService", "x", "shop", #"{"hosts":["web.shop.svc.cluster.local"]}"#, false),
      ("DestinationRule", "x", "shop", #"{"host":"cart.shop.svc.cluster.local"}"#, true),
      ("HTTPRoute", "x", "shop", #"{"parentRefs":[{"kind":"Service","name":"cart"}]}"#, true),
      ("HTTPRoute", "x", "other", #"{"parentRefs":[{"kind":"Service","name":"cart","namespace":"shop"}]}"#, true),
      ("HTTPRoute", "x", "other", #"{"parentRefs":[{"kind":"Service","name":"cart"}]}"#, false),
      ("HTTPRoute", "x", "shop", #"{"parentRefs":[{"kind":"Gateway","name":"cart"}]}"#, false),
      ("GRPCRoute", "x", "shop", #"{"parentRefs":[{"kind":"Service","name":"cart"}]}"#, true),
      ("ServiceProfile", "cart.shop.svc.cluster.local", "shop", "{}", true),
      ("ServiceProfile", "cart.other.svc.cluster.local", "shop", "{}", false),
      ("TrafficSplit", "x", "shop", #"{"service":"cart"}"#, true),
      ("TrafficSplit", "x", "shop", #"{"service":"web"}"#, false),
      ("ServiceSplitter", "cart", "shop", "{}", true), ("ServiceRouter", "web", "shop", "{}", false),
    ] as [(String, String, String, String, Bool)])
  func whoSaysAlreadyWhereCallsGoIsKnown(
    _ kind: String, _ name: String, _ namespace: String, _ spec: String, _ governs: Bool
  ) throws {
    let cart = ObjectReference(kind: "Service", namespace: "shop", name: "cart")
    #expect(
      RouteRivals.governs(kind, name: name, namespace: namespace, spec: try value(spec), cart) == governs)
    #expect(EnrolmentTests.meshes.contains { RouteRivals.kinds($0).contains { $0.kind == kind } })
  }

  // MARK: - Waypoints

  @Test(
    arguments: [
      ("{}", nil, nil), ("{}", "gate", "gate"), (#"{"istio.io/use-waypoint":"own"}"#, "gate", "own"),
      (#"{"istio.io/use-waypoint":"none"}"#, "gate", nil),
    ] as [(String, String?, String?)])
  func aServiceIsBehindAWaypointOrNot(_ labels: String, _ namespace: String?, _ name: String?) throws {
    let service = try value(#"{"metadata":{"labels":\#(labels)}}"#)
    let own = namespace.map { ["istio.io/use-waypoint": $0] } ?? [:]
    #expect(Waypoint.name(of: service, namespaceLabels: own) == name)
  }

  @Test(
    arguments: [
      ("{}", "True", true), (#"{"istio.io/waypoint-for":"all"}"#, "True", true), ("{}", "False", false),
      (#"{"istio.io/waypoint-for":"workload"}"#, "True", false),
    ])
  func aWaypointThatServesServicesIsReady(_ labels: String, _ programmed: String, _ isReady: Bool) throws {
    let gateway = try value(
      #"{"metadata":{"name":"gate","labels":\#(labels)},"status":{"conditions":["#
        + #"{"type":"Programmed","status":"\#(programmed)"}]}}"#)
    #expect(Waypoint.isReady("gate", among: [gateway]) == isReady)
    #expect(!Waypoint.isReady("other", among: [gateway]))
  }

  // MARK: - Which services

  @Test(arguments: [Mesh.istioSidecar, .istioAmbient, .linkerd, .consul])
  func onlyWhatAllCallersCanSplitIsSplit(_ mesh: Mesh) throws {
    let fleet = try EnrolmentTests.fleet()
    let policies = try #require(PostureObjects(fleet, mesh: mesh, enrolled: Set(fleet.workloads.map(\.id))))
    func services(_ name: String, _ enrolled: [String]) throws -> [String] {
      let workload = try #require(fleet.workloads.first { $0.id.name == name })
      let ids = Set(fleet.workloads.map(\.id).filter { enrolled.contains($0.name) })
      return TrafficSplit.services(of: workload, fleet, policies, enrolled: ids).map(\.id.name)
    }
    #expect(try services("cart", ["web", "cart"]) == ["cart"])
    #expect(try services("cart", ["cart"]) == [], "its caller has no proxy that could split")
    #expect(try services("web", ["web", "cart"]) == [], "its users are outside")
    #expect(try services("store", ["web", "cart", "store"]) == [], "it speaks no HTTP")
  }
}
