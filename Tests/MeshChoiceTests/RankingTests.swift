import FleetModel
import Intake
import IntentModel
import Testing

@testable import MeshChoice

/// The choice follows from the fleet, and every rank has its reason.
struct RankingTests {
  private static func fleet(_ yaml: String) throws -> Fleet {
    try Intake().read([InputSource(name: "in.yaml", bytes: Array(yaml.utf8))]).fleet
  }

  private static func deployment(_ name: String, namespace: String = "shop", pod: String = "") -> String {
    """
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: \(name), namespace: \(namespace)}
    spec:
      replicas: 2
      template:
        metadata: {labels: {app: \(name)}}
        spec: {\(pod) containers: [{name: main, image: "x:1"}]}

    """
  }

  private static func compare(_ yaml: String, _ features: [MeshFeature] = []) throws -> MeshComparison {
    MeshRanking(try fleet(yaml), requirements: MeshRequirements(features: features)).compare()
  }

  @Test func everyRankHasAReason() throws {
    let comparison = try Self.compare(Self.deployment("a") + Self.deployment("b", namespace: "other"))
    #expect(comparison.ranking.map(\.rank) == [1, 2, 3, 4, 5])
    #expect(Set(comparison.ranking.map(\.mesh)).count == Mesh.allCases.count)
    #expect(comparison.ranking.allSatisfy { !$0.reasons.isEmpty })
    #expect(comparison.namespaces.map(\.name) == ["other", "shop"])
    #expect(!comparison.assumptions.isEmpty)
  }

  @Test(arguments: [
    (MeshFeature.noProxyInPods, Mesh.istioAmbient), (.jwt, .istioSidecar), (.virtualMachines, .linkerd),
  ])
  func requiredFeaturesDecide(_ feature: MeshFeature, _ expected: Mesh) throws {
    let comparison = try Self.compare(Self.deployment("a"), [feature])
    let best = try #require(comparison.ranking.first)
    #expect(MeshFacts.of(best.mesh).support(feature).support != .no)
    let own = try #require(comparison.ranking.first { $0.mesh == expected })
    #expect(!own.missing.contains { $0.support == .no })
    for mesh in comparison.ranking where mesh.missing.contains(where: { $0.support == .no }) {
      #expect(mesh.rank > own.rank, "\(mesh.mesh) lacks \(feature) and is before \(expected)")
    }
  }

  @Test func machinesInTheInputAreARequirement() throws {
    let comparison = try Self.compare(
      Self.deployment("a") + """
        ---
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {name: vm, namespace: shop}
        spec: {address: 10.0.0.1}
        """)
    let ambient = try #require(comparison.ranking.first { $0.mesh == .istioAmbient })
    #expect(ambient.missing.map(\.feature) == [.virtualMachines] && ambient.rank >= 4)
  }

  @Test func whatNoMeshTakesIsToldForEach() throws {
    let comparison = try Self.compare(Self.deployment("a", pod: "hostNetwork: true,"))
    #expect(comparison.ranking.allSatisfy { $0.notSuited == 1 && $0.hard.map(\.code) == ["M05"] })
    #expect(comparison.ranking.allSatisfy { $0.estimate.proxies == 0 })
  }

  @Test func udpIsNoted() throws {
    let comparison = try Self.compare(
      Self.deployment("a") + """
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: a, namespace: shop}
        spec: {selector: {app: a}, ports: [{port: 53, protocol: UDP}]}
        """)
    #expect(comparison.notes.contains { $0.contains("UDP") })
  }

  @Test func costsFollowThePublishedFigures() throws {
    let comparison = try Self.compare(Self.deployment("a"))
    let sidecar = try #require(comparison.ranking.first { $0.mesh == .istioSidecar })
    #expect(sidecar.estimate.proxies == 2 && sidecar.estimate.megabytes == 120)
    #expect(abs(sidecar.estimate.cores - 0.02) < 1e-9)
    let ambient = try #require(comparison.ranking.first { $0.mesh == .istioAmbient })
    #expect(ambient.estimate.proxies == 1 && ambient.estimate.megabytes == 12)
  }

  /// Statements about projects grow old: each has its date and its source.
  @Test(arguments: Mesh.allCases)
  func everyFactIsDated(_ mesh: Mesh) {
    let facts = MeshFacts.of(mesh)
    for fact in facts.community + facts.cost.sources {
      #expect(fact.date.hasPrefix("20") && fact.source.hasPrefix("https://") && !fact.text.isEmpty)
    }
    #expect(!facts.community.isEmpty && !facts.cost.sources.isEmpty)
  }

  @Test func emptyFleets() {
    let comparison = MeshRanking(Fleet()).compare()
    #expect(comparison.ranking.count == 5 && comparison.namespaces.isEmpty)
  }
}
