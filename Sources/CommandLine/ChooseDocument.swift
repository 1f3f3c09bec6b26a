import Composition
import Diagnostics
import FleetModel
import IntentModel
import MeshChoice

/// The ranking for programs: `bulkhead.choose/1`.
struct ChooseDocument: Encodable {
  private var ranking: [MeshEntry]
  private var namespaces: [NamespaceEntry]
  private var notes: [String]
  private var assumptions: [String]
  private var required: [MeshFeature]
  /// Absent unless it was asked for.
  private var measured: MeasuredEntry?

  /// What Envoy sidecars cost this fleet, by medians over the rounds: milliseconds, cores, bytes.
  private struct MeasuredEntry: Encodable {
    var requestsPerSecond, addedP50, addedP99, processorMillisecondsPerRequest, cores, bytesPerSidecar: Double
    var rounds: [SidecarCost.Round]
  }
  private struct NamespaceEntry: Encodable {
    var namespace: String
    var ranking: [MeshEntry]
  }
  private struct ObstacleEntry: Encodable {
    var code, title, example: String
    var workloads: [ObjectReference]
    var location: SourceLocation?
  }
  private struct FeatureEntry: Encodable {
    var feature: MeshFeature
    var support: Support
    var note: String
  }
  private struct FactEntry: Encodable {
    var text, date, source: String
  }
  private struct EstimateEntry: Encodable {
    var proxies: Int
    var cores, megabytes: Double
    var latency: String
    var measuredHere: Bool
    var sources: [FactEntry]
  }
  private struct MeshEntry: Encodable {
    var rank: Int
    var mesh: Mesh
    var reasons: [String]
    var ready, readyAfterFix, notSuited: Int
    var hard, fixable: [ObstacleEntry]
    var missing: [FeatureEntry]
    var cost: EstimateEntry
    var features: [FeatureEntry]
    var community: [FactEntry]
  }

  init(_ comparison: MeshComparison, measured cost: SidecarCost? = nil) {
    ranking = comparison.ranking.map(Self.entry)
    namespaces = comparison.namespaces.map { NamespaceEntry(namespace: $0.name, ranking: $0.ranking.map(Self.entry)) }
    notes = comparison.notes
    assumptions = comparison.assumptions
    required = comparison.requirements.features
    measured = cost.map {
      MeasuredEntry(
        requestsPerSecond: $0.requestsPerSecond, addedP50: $0.addedP50, addedP99: $0.addedP99,
        processorMillisecondsPerRequest: $0.processorMillisecondsPerRequest, cores: $0.cores,
        bytesPerSidecar: $0.bytesPerSidecar, rounds: $0.rounds)
    }
  }

  private static func entry(_ mesh: MeshAssessment) -> MeshEntry {
    let facts = MeshFacts.of(mesh.mesh)
    func fact(_ fact: DatedFact) -> FactEntry { FactEntry(text: fact.text, date: fact.date, source: fact.source) }
    func obstacle(_ obstacle: MeshAssessment.Obstacle) -> ObstacleEntry {
      ObstacleEntry(
        code: obstacle.code, title: obstacle.title, example: obstacle.example, workloads: obstacle.workloads,
        location: obstacle.location)
    }
    return MeshEntry(
      rank: mesh.rank, mesh: mesh.mesh, reasons: mesh.reasons, ready: mesh.ready, readyAfterFix: mesh.readyAfterFix,
      notSuited: mesh.notSuited, hard: mesh.hard.map(obstacle), fixable: mesh.fixable.map(obstacle),
      missing: mesh.missing.map { FeatureEntry(feature: $0.feature, support: $0.support, note: $0.note) },
      cost: EstimateEntry(
        proxies: mesh.estimate.proxies, cores: (mesh.estimate.cores * 1_000).rounded() / 1_000,
        megabytes: mesh.estimate.megabytes, latency: facts.cost.latency, measuredHere: false,
        sources: facts.cost.sources.map(fact)),
      features: MeshFeature.allCases.map { feature in
        let own = facts.support(feature)
        return FeatureEntry(feature: feature, support: own.support, note: own.note)
      },
      community: facts.community.map(fact))
  }

  func text() throws -> String { try PoliciesDocument.text(self, schema: "bulkhead.choose/1") }
}
