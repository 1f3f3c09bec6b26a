import Diagnostics
import FleetModel
import Intake
import Testing

struct ReadinessTests {
  private func readiness(
    pod: String = "serviceAccountName: own", container: String = "readinessProbe: {}", service: String
  )
    throws -> WorkloadReadiness
  {
    let text =
      Support.deployment("a", pod: pod, container: container)
      .replacing("spec:\n  template", with: "spec:\n  replicas: 2\n  template") + service
    let entries = try Support.read(text).fleet.readiness
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
      "serviceAccountName: own\nsecurityContext: {runAsUser: 1337}", "readinessProbe: {}", "{port: 80, name: http}",
      "T6", ReadinessLevel.readyAfterFix
    ),
    ("serviceAccountName: own\nhostNetwork: true", "readinessProbe: {}", "{port: 80, name: http}", "M05", .notSuited),
    ("serviceAccountName: own", "readinessProbe: {}", "{port: 5432}", "T7", .readyAfterFix),
    ("serviceAccountName: own", "readinessProbe: {}", "{port: 1, targetPort: 6379, name: cache}", "T7", .readyAfterFix),
    ("serviceAccountName: own", "readinessProbe: {}", "{port: 80, name: web}", "T8", .readyAfterFix),
    ("serviceAccountName: own", "readinessProbe: {}", "{port: 80}", "T8", .readyAfterFix),
    ("serviceAccountName: own", "tty: true", "{port: 80, appProtocol: http}", "BH-NO-PROBES", .ready),
    ("hostname: x", "readinessProbe: {}", "{port: 80, name: http}", "BH-SHARED-ACCOUNT", .readyAfterFix),
  ])
  func eachRuleFires(_ pod: String, _ container: String, _ port: String, _ code: String, _ level: ReadinessLevel) throws
  {
    let entry = try readiness(pod: pod, container: container, service: service(port))
    #expect(entry.reasons.map(\.code) == [code])
    #expect(entry.level == level)
  }

  @Test func aSingleReplicaIsAWeakness() throws {
    let entries = try Support.read(Support.deployment("a", pod: "serviceAccountName: own")).fleet.readiness
    #expect(entries.first?.level == .ready)
    #expect(entries.first?.reasons.map(\.code) == ["BH-SINGLE-REPLICA"])
  }

  @Test func twoWorkloadsWithOneAccountShareAnIdentity() throws {
    let pod = "serviceAccountName: one"
    let entries = try Support.read(Support.deployment("a", pod: pod) + Support.deployment("b", pod: pod)).fleet
      .readiness
    #expect(entries.map { $0.reasons.contains { $0.code == "BH-SHARED-ACCOUNT" } } == [true, true])
  }
}
