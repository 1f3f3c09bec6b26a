import Diagnostics
import FleetModel
import Intake
import IntentModel
import MeshTraps
import Testing

private let probe = "readinessProbe: {tcpSocket: {port: 80}}"

struct ReadinessTests {
  private func readiness(
    pod: String = "serviceAccountName: own", container: String = probe, service: String
  )
    throws -> WorkloadReadiness
  {
    let text = Piece.deployment("a", namespace: "default", spec: pod, container: container) + service
    let entries = try TrapRun.context(text).fleet.readiness
    return try #require(entries.first)
  }

  private func service(_ port: String) -> String {
    "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}, ports: [\(port)]}\n"
  }

  @Test func aGoodWorkloadIsReady() throws {
    let entry = try readiness(service: service("{port: 80, name: http-web}"))
    #expect(entry.level == .ready && entry.reasons.isEmpty)
  }

  @Test(arguments: [
    (
      "serviceAccountName: own\nsecurityContext: {runAsUser: 1337}", probe, "{port: 80, name: http}",
      "T6", ReadinessLevel.readyAfterFix
    ),
    ("serviceAccountName: own\nhostNetwork: true", probe, "{port: 80, name: http}", "M05", .notSuited),
    ("serviceAccountName: own", probe, "{port: 5432}", "T7", .readyAfterFix),
    ("serviceAccountName: own", probe, "{port: 1, targetPort: 6379, name: cache}", "T7", .readyAfterFix),
    ("serviceAccountName: own", probe, "{port: 80, name: web}", "T8", .readyAfterFix),
    ("serviceAccountName: own", probe, "{port: 80}", "T8", .readyAfterFix),
    ("serviceAccountName: own", "tty: true", "{port: 80, appProtocol: http}", "BH-NO-PROBES", .ready),
    ("hostname: x", probe, "{port: 80, name: http}", "BH-SHARED-ACCOUNT", .readyAfterFix),
  ])
  func eachRuleFires(_ pod: String, _ container: String, _ port: String, _ code: String, _ level: ReadinessLevel) throws
  {
    let entry = try readiness(pod: pod, container: container, service: service(port))
    #expect(entry.reasons.map(\.code) == [code])
    #expect(entry.level == level)
  }

  @Test func aSingleReplicaIsAWeakness() throws {
    let entries = try TrapRun.context(
      Piece.deployment("a", spec: "serviceAccountName: own", replicas: 1)
    ).fleet.readiness
    #expect(entries.first?.level == .ready)
    #expect(entries.first?.reasons.map(\.code) == ["BH-SINGLE-REPLICA"])
  }

  @Test func twoWorkloadsWithOneAccountShareAnIdentity() throws {
    let account = "serviceAccountName: one"
    let entries = try TrapRun.context(Piece.deployment("a", spec: account) + Piece.deployment("b", spec: account)).fleet
      .readiness
    #expect(entries.map { $0.reasons.contains { $0.code == "BH-SHARED-ACCOUNT" } } == [true, true])
  }

  @Test(arguments: Mesh.allCases) func aMeshsOwnReasonsCarryPatches(_ mesh: Mesh) throws {
    let yaml =
      "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report, namespace: shop}\nspec:\n  schedule: '* * * * *'\n"
      + "  jobTemplate: {spec: {template: {spec: {serviceAccountName: report, restartPolicy: Never, "
      + "containers: [{name: a, image: x}]}}}}\n"
    let entry = try #require(try Readiness.assess(TrapRun.context(yaml), mesh: mesh).first)
    #expect(entry.mesh == mesh)
    #expect(entry.level == (mesh == .istioAmbient ? .ready : .readyAfterFix))
    let fix = entry.reasons.first { $0.code == "T3" }?.fix
    #expect((fix != nil) == mesh.hasSidecar)
    if mesh == .istioSidecar { #expect(fix?.contains("jobTemplate:") ?? false) }
  }

  @Test func vectorsThatStandInTheWayAreReasons() throws {
    let yaml =
      Piece.namespace(labels: "istio-injection: enabled")
      + Piece.deployment(
        labels: #"sidecar.istio.io/inject: "false""#, spec: "serviceAccountName: own",
        container: "securityContext: {capabilities: {add: [NET_ADMIN]}}")
    let entry = try #require(try Readiness.assess(TrapRun.context(yaml), mesh: .istioSidecar).first)
    #expect(entry.reasons.map(\.code) == ["M02", "M04"] && entry.level == .readyAfterFix)
    // Before a mesh is chosen neither stands in the way of anything.
    #expect(try TrapRun.context(yaml).fleet.readiness.first?.reasons == [])
  }

  @Test func whatIsUndecidedDoesNotChangeTheLevel() throws {
    let entry = try #require(
      try Readiness.assess(TrapRun.context(Piece.deployment(spec: "serviceAccountName: own")), mesh: .istioAmbient)
        .first)
    #expect(entry.level == .ready && entry.undecided.map(\.code) == ["T5"])
    #expect(entry.undecided.first?.message.contains("unknown, because") ?? false)
  }

  /// Two thousand workloads in one namespace, each with its service and policy.
  @Test func manyWorkloadsAreAssessed() {
    let table = Readiness.assess(Self.fleet(of: 2_000), mesh: .istioSidecar)
    #expect(table.count == 2_000)
    #expect(table.allSatisfy { Set($0.reasons.map(\.code)).isSuperset(of: ["T7", "T15"]) })
  }

  private static func fleet(of count: Int) -> Fleet {
    var fleet = Fleet()
    for number in 0..<count {
      let place = SourceLocation(file: "in.yaml", line: number)
      func id(_ kind: String) -> ObjectReference { ObjectReference(kind: kind, namespace: "shop", name: "w\(number)") }
      var workload = Workload(id: id("Deployment"), location: place)
      workload.podLabels = ["app": "w\(number)"]
      workload.pod.containers = [Container(name: "a", location: place)]
      var service = Service(id: id("Service"), location: place)
      service.selector = workload.podLabels
      service.ports = [ServicePort(port: 3306)]
      var policy = NetworkPolicy(id: id("NetworkPolicy"), location: place)
      policy.podSelector = LabelSelector([.init(key: "app", operation: .isIn, values: ["w\(number)"])])
      policy.governsEgress = true
      fleet.workloads.append(workload)
      fleet.services.append(service)
      fleet.networkPolicies.append(policy)
    }
    return fleet
  }
}
