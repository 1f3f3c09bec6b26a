package import Diagnostics
package import FleetModel
package import IntentModel

/// How well a workload can be taken into a mesh.
package enum ReadinessLevel: String, Sendable, Codable, Comparable {
  case ready
  case readyAfterFix
  case notSuited

  private var rank: Int {
    switch self {
    case .ready: 0
    case .readyAfterFix: 1
    case .notSuited: 2
    }
  }

  package static func < (left: ReadinessLevel, right: ReadinessLevel) -> Bool { left.rank < right.rank }
}

package struct WorkloadReadiness: Sendable, Equatable {
  package var workload: ObjectReference
  /// The mesh it was judged for; nil means before anyone has chosen one.
  package var mesh: Mesh?
  package var level: ReadinessLevel
  /// Why, and what else is worth knowing; sorted by code.
  package var reasons: [Finding]
  /// What the input does not tell; sorted by code. It does not change the level.
  package var undecided: [Finding] = []
}
