import Diagnostics
import FleetModel
import IntentModel
import Planning
import Policies
import Testing

@testable import KubernetesTarget

/// What keeps a plan from being carried out with a mesh, found before anything is written.
struct MeshReadinessTests {
  static func plan(_ mesh: Mesh, _ waves: [[(String, [StepAction])]]) -> Plan {
    var postures: [ObjectReference: Posture] = [:]
    let made = waves.enumerated().map { index, changes in
      let steps = changes.flatMap { name, actions in
        actions.map { action in
          let id = ObjectReference(kind: "Deployment", namespace: "shop", name: name)
          let before = postures[id] ?? .untouched
          postures[id] = action.applied(to: before)
          return Step(workload: id, action: action, before: before, after: postures[id] ?? before, wave: index)
        }
      }
      return Wave(index: index, name: "wave-\(index + 1)", workloads: Set(steps.map(\.workload)).sorted(), steps: steps)
    }
    return Plan(mesh: mesh.rawValue, fleetDigest: "", waves: made, refusals: [])
  }

  private static func problems(_ mesh: Mesh, _ fleet: Fleet, _ plan: Plan) throws -> [String] {
    let enrolled = Set(plan.postures(before: plan.waves.count).filter(\.value.enrolled).keys)
    let policies = try #require(PostureObjects(fleet, mesh: mesh, enrolled: enrolled))
    return MeshReadiness(plan, fleet, policies).problems.map(\.what)
  }

  static let whole: [[(String, [StepAction])]] = [
    [("web", [.enrol, .authoriseInShadow]), ("cart", [.enrol, .authoriseInShadow])],
    [("store", [.enrol, .authoriseInShadow]), ("cart", [.authorise, .requireMutualTLS, .isolate])],
    [("store", [.authorise, .requireMutualTLS])],
  ]

  @Test(arguments: EnrolmentTests.meshes)
  func aPlanInOrderHasNoProblem(_ mesh: Mesh) throws {
    #expect(try Self.problems(mesh, EnrolmentTests.fleet(), Self.plan(mesh, Self.whole)) == [])
  }

  @Test(arguments: EnrolmentTests.meshes)
  func rulesThatNameACallerWithoutAnIdentityAreRefused(_ mesh: Mesh) throws {
    let early = Self.plan(mesh, [[("cart", [.enrol, .authorise])], [("web", [.enrol])]])
    let found = try Self.problems(mesh, EnrolmentTests.fleet(), early)
    #expect(found.count == 1 && found[0].contains("shop/cart") && found[0].contains("shop/web"), "\(found)")
    let same = Self.plan(mesh, [[("web", [.enrol]), ("cart", [.enrol, .requireMutualTLS])]])
    #expect(try Self.problems(mesh, EnrolmentTests.fleet(), same).count == 1)
  }

  /// Somebody whom no plan takes in still calls in plaintext.
  @Test(arguments: EnrolmentTests.meshes)
  func strictIsRefusedWhileSomebodySpeaksPlaintext(_ mesh: Mesh) throws {
    let plan = Self.plan(mesh, [[("cart", [.enrol])], [("cart", [.requireMutualTLS])]])
    let found = try Self.problems(mesh, EnrolmentTests.fleet(), plan)
    #expect(found.contains { $0.contains("shop/cart") && $0.contains("shop/web") }, "\(found)")
    let outside = Self.plan(mesh, [[("web", [.enrol])], [("web", [.requireMutualTLS])]])
    #expect(try !Self.problems(mesh, EnrolmentTests.fleet(), outside).isEmpty)
  }

  static let others: [(Mesh, String, String)] = [
    (
      .istioSidecar, "apiVersion: security.istio.io/v1\nkind: PeerAuthentication",
      "selector: {matchLabels: {app: cart}}, mtls: {mode: STRICT}"
    ),
    (
      .linkerd, "apiVersion: policy.linkerd.io/v1beta3\nkind: Server",
      "podSelector: {matchLabels: {app: cart}}, port: 8080"
    ),
    (
      .consul, "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions",
      "destination: {name: cart}, sources: [{name: web, action: allow}]"
    ),
  ]

  @Test(arguments: others.indices)
  func objectsOfOthersThatDecideAlreadyAreNamed(_ index: Int) throws {
    let (mesh, head, spec) = Self.others[index]
    let plan = Self.plan(mesh, Self.whole)
    func fleet(_ spec: String) throws -> Fleet {
      try EnrolmentTests.fleet("---\n\(head)\nmetadata: {name: theirs, namespace: shop}\nspec: {\(spec)}\n")
    }
    let found = try Self.problems(mesh, fleet(spec), plan)
    #expect(found.contains { $0.contains("theirs") && $0.contains("shop/cart") }, "\(found)")
    let elsewhere = spec.replacing("cart", with: "other")
    #expect(try !Self.problems(mesh, fleet(elsewhere), plan).contains { $0.contains("theirs") })
  }

  @Test func aPodThatLinkerdPassesOverIsNamed() throws {
    let fleet = try EnrolmentTests.fleet(pod: "automountServiceAccountToken: false,")
    let found = try Self.problems(.linkerd, fleet, Self.plan(.linkerd, Self.whole))
    #expect(found.contains { $0.contains("shop/cart") && $0.contains("automountServiceAccountToken") }, "\(found)")
    #expect(try Self.problems(.istioSidecar, fleet, Self.plan(.istioSidecar, Self.whole)) == [])
  }

  @Test func aPodWithoutAServiceIsNoneThatConsulKnows() throws {
    let fleet = try EnrolmentTests.fleet(EnrolmentTests.workload("batch"))
    let plan = Self.plan(.consul, [[("batch", [.enrol])]])
    let found = try Self.problems(.consul, fleet, plan)
    #expect(found.count == 1 && found[0].contains("shop/batch") && found[0].contains("Service"), "\(found)")
    #expect(try Self.problems(.linkerd, fleet, Self.plan(.linkerd, [[("batch", [.enrol])]])) == [])
  }

  @Test func aWorkloadKeepsItsSidecarUntilItsCallersGaveTheirsUp() throws {
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
    let fleet = try EnrolmentTests.fleet(namespace)
    #expect(MeshReadiness.onSidecars(fleet).map(\.name) == ["cart", "store", "web"])
    let down = Self.plan(.istioAmbient, [[("web", [.enrol])], [("cart", [.enrol])], [("store", [.enrol])]])
    #expect(try Self.problems(.istioAmbient, fleet, down) == [])
    let up = Self.plan(.istioAmbient, [[("store", [.enrol])], [("cart", [.enrol])], [("web", [.enrol])]])
    let found = try Self.problems(.istioAmbient, fleet, up)
    #expect(found.count == 2 && found.allSatisfy { $0.contains("give its sidecar up") }, "\(found)")
  }

  @Test func theFirstProblemsAreTold() throws {
    let fleet = try EnrolmentTests.fleet()
    let plan = Self.plan(.istioSidecar, [[("cart", [.enrol, .authorise])], [("web", [.enrol])]])
    let policies = try #require(
      PostureObjects(fleet, mesh: .istioSidecar, enrolled: Set(plan.waves.flatMap(\.workloads))))
    let error = try #require(throws: BulkheadError.self) { try MeshReadiness(plan, fleet, policies).check() }
    #expect(error.exit == .configuration && !error.cure.isEmpty)
  }
}
