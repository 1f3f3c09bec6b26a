package import Diagnostics
package import FleetModel
package import IntentModel

/// One mesh held against one fleet, or one namespace of it.
package struct MeshAssessment: Sendable, Equatable {
  /// Workloads that share an obstacle.
  package struct Obstacle: Sendable, Equatable {
    /// A trap or rule, such as `T7`.
    package var code: String
    package var title: String
    /// Sorted.
    package var workloads: [ObjectReference]
    /// The first workload's, for a person to begin with.
    package var example: String
    package var location: SourceLocation?
  }

  package struct Estimate: Sendable, Equatable {
    package var proxies: Int
    package var cores: Double
    package var megabytes: Double
  }

  package var mesh: Mesh
  /// From 1.
  package var rank = 0
  package var ready: Int
  package var readyAfterFix: Int
  package var notSuited: Int
  /// Obstacles that no change of manifests removes.
  package var hard: [Obstacle]
  /// Those that a change removes, by code.
  package var fixable: [Obstacle]
  /// Required features that it lacks or has in part only.
  package var missing: [(feature: MeshFeature, support: Support, note: String)]
  package var estimate: Estimate
  /// Why it stands where it stands, against the next one; never empty once ranked.
  package var reasons: [String] = []

  package static func == (left: MeshAssessment, right: MeshAssessment) -> Bool {
    left.mesh == right.mesh && left.rank == right.rank && left.hard == right.hard && left.fixable == right.fixable
      && left.estimate == right.estimate && left.reasons == right.reasons
      && left.missing.map(\.feature) == right.missing.map(\.feature)
  }

  var lacking: Int { missing.count { $0.support == .no } }
  var partial: Int { missing.count { $0.support == .partly } }
  /// Workloads with something to fix first.
  var toFix: Int { fixable.reduce(0) { $0 + $1.workloads.count } }
}

/// The meshes in order, for a fleet and for each of its namespaces.
package struct MeshComparison: Sendable {
  package var requirements: MeshRequirements
  /// Best first.
  package var ranking: [MeshAssessment]
  /// By name.
  package var namespaces: [(name: String, ranking: [MeshAssessment])]
  /// What holds for every mesh, such as flows over UDP.
  package var notes: [String]
  /// What the estimates rest on.
  package var assumptions: [String]
}
