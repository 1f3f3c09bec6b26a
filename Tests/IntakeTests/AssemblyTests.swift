import Diagnostics
import FleetModel
import Intake
import Testing

struct AssemblyTests {
  private func owned(_ kind: String, _ name: String, by owner: String, _ ownerName: String) -> String {
    let spec = kind == "Pod" ? "{containers: [{name: c}]}" : "{template: {spec: {containers: [{name: c}]}}}"
    let version = ["Pod": "v1", "Job": "batch/v1"][kind] ?? "apps/v1"
    return "{apiVersion: \(version), kind: \(kind), "
      + "metadata: {name: \(name), ownerReferences: [{kind: \(owner), name: \(ownerName)}]}, spec: \(spec)}\n---\n"
  }

  private func replicaSet(_ name: String, by owner: String) -> String {
    owned("ReplicaSet", name, by: "ReplicaSet", owner)
  }

  @Test func chainsOfOwners() throws {
    let cron =
      "{apiVersion: batch/v1, kind: CronJob, metadata: {name: cron}, "
      + "spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c}]}}}}}}\n---\n"
    let result = try Support.read(
      Support.deployment("d") + cron + owned("Job", "cron-1", by: "CronJob", "cron")
        + owned("Pod", "cron-1-x", by: "Job", "cron-1") + owned("ReplicaSet", "d-1", by: "Deployment", "d")
        + owned("Pod", "d-1-x", by: "ReplicaSet", "d-1") + owned("Pod", "lost", by: "ReplicaSet", "gone")
        + owned("Pod", "static", by: "Node", "n1"))
    #expect(result.fleet.workloads.map(\.id.name) == ["cron", "d", "lost", "static"])
    #expect(result.fleet.workloads.map(\.firstOwner?.kind) == [nil, nil, "ReplicaSet", "Node"])
    #expect(result.findings.isEmpty)
  }

  @Test(arguments: [1, 2, 3, 7])
  func aCircleOfOwnersIsOneFinding(_ length: Int) throws {
    let circle = (0..<length).map { replicaSet("r\($0)", by: "r\(($0 + 1) % length)") }.joined()
    // Pods of a circle are its members' doing; the members themselves stay.
    let result = try Support.read(circle + owned("Pod", "p", by: "ReplicaSet", "r0") + Support.deployment("other"))
    #expect(result.fleet.workloads.count == length + 1)
    #expect(result.findings.map(\.code) == ["BH-INTAKE-010"] && result.findings[0].resource.contains("r0"))
  }

  @Test func aLongChainOfOwnersCostsNoMoreThanItsLength() throws {
    let length = 20_000
    let chain = (1..<length).map { replicaSet("r\($0)", by: "r\($0 - 1)") }.joined()
    let result = try Support.read(chain + owned("ReplicaSet", "r0", by: "Deployment", "gone"))
    #expect(result.fleet.workloads.map(\.id.name) == ["r0"] && result.findings.isEmpty)
  }

  @Test(arguments: [
    ("podSelector: {matchLabels: {app: a}}", 0), ("podSelector: {}", 0), ("podSelector: {matchLabels: {app: z}}", 1),
    ("podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [a]}]}", 1),
    ("podSelector: {matchExpressions: [{key: app, operator: In, values: [x, a]}]}", 0),
    ("podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}", 1),
  ])
  func aPolicyThatSelectsNothing(_ spec: String, _ findings: Int) throws {
    let result = try Support.read(
      Support.deployment("a") + Support.deployment("z", namespace: "elsewhere")
        + "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p}, spec: {\(spec)}}")
    #expect(result.findings.map(\.code) == Array(repeating: "BH-INTAKE-012", count: findings))
    #expect(result.findings.allSatisfy { $0.severity == .low })
  }

  @Test(arguments: [
    ("name", "\"a\\e[2J\"", "default", "x"), ("bidi", "\"a\\u202Eb\"", "default", "x"),
    ("HTML", "\"<script>alert(1)</script>\"", "default", "x"), ("capital", "Shop", "default", "x"),
    ("end", "a-", "default", "x"), ("dots", "a..b", "default", "x"),
    ("long", String(repeating: "a", count: 300), "default", "x"), ("namespace", "a", "\"../etc\"", "x"),
    ("label", "a", "default", "\"<img src=x>\""), ("label length", "a", "default", String(repeating: "b", count: 64)),
    ("label bidi", "a", "default", "\"\\u2066x\""),
  ])
  func aNameThatKubernetesRefusesIsOneFinding(
    _ what: String, _ name: String, _ namespace: String, _ label: String
  ) throws {
    let text =
      "{apiVersion: v1, kind: ServiceAccount, metadata: {name: \(name), namespace: \(namespace), "
      + "labels: {app: \(label), other: \(label)}}}"
    let result = try Support.read(text)
    #expect(result.fleet.serviceAccounts.count == 1 && result.findings.map(\.code) == ["BH-INTAKE-011"], "\(what)")
    let message = result.findings[0].message
    #expect(message == message.safeForTerminal && message.utf8.count < 300)
    #expect(Support.error(Array(text.utf8), strict: true)?.exit == .badInput)
  }

  @Test(arguments: ["a", "a-b.c", "0", "10-0-0-1.example", String(repeating: "a", count: 63)])
  func namesThatKubernetesAccepts(_ name: String) throws {
    let result = try Support.read(
      "{apiVersion: v1, kind: ServiceAccount, metadata: {name: \"\(name)\", "
        + "labels: {app.kubernetes.io/name: A_b.c, x: \"\"}}}")
    #expect(result.findings.isEmpty)
  }

  @Test func hostileTextIsHeldEverywhere() throws {
    let evil = "\"\\e]0;x\\a\\u202E<b>&\\\"'\""
    let result = try Support.read(
      """
      apiVersion: apps/v1
      kind: \(evil)
      metadata: {name: \(evil)}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: \(evil), labels: {\(evil): \(evil)}, annotations: {\(evil): \(evil)}}
      spec: {template: {spec: {containers: [{name: \(evil), image: \(evil), env: [{name: \(evil), value: \(evil)}]}]}}}
      ---
      {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h},
        spec: {scaleTargetRef: {kind: \(evil), name: \(evil)}}}
      """)
    #expect(result.findings.map(\.code).sorted() == ["BH-INTAKE-004", "BH-INTAKE-011", "BH-INTAKE-013"])
    for finding in result.findings { #expect(finding.message == finding.message.safeForTerminal) }
  }
}
