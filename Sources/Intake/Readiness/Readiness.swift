package import Diagnostics
package import FleetModel

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
  package var level: ReadinessLevel
  /// Why, and what else is worth knowing; sorted by code.
  package var reasons: [Finding]
}

/// One reason for which a workload is harder to take in. One rule per file.
struct ReadinessRule: Sendable {
  /// Stable: a trap (`T6`), a vector (`M05`) or a rule of our own (`BH-SINGLE-REPLICA`).
  var code: String
  var title: String
  var severity: Severity
  /// The level a workload falls to; `.ready` for a weakness that does not stand in the way.
  var level: ReadinessLevel
  var fix: String
  /// One message for each occurrence, with its place.
  var occurrences: @Sendable (Workload, ReadinessContext) -> [Occurrence]

  struct Occurrence {
    var message: String
    var location: SourceLocation
  }

  static let all: [ReadinessRule] = [
    .singleReplica, .reservedUser, .hostNetwork, .serverFirstPort, .unnamedPort, .noProbes, .sharedAccount,
  ].sorted { $0.code < $1.code }
}

/// What rules look up in the fleet, prepared once.
struct ReadinessContext {
  let services: [ObjectReference: [Service]]
  let accounts: [String: [ObjectReference]]

  init(_ fleet: Fleet) {
    let directory = ServiceDirectory(fleet)
    var services: [ObjectReference: [Service]] = [:]
    for service in fleet.services {
      for workload in directory.workloads(behind: service) { services[workload.id, default: []].append(service) }
    }
    self.services = services
    accounts = Dictionary(grouping: fleet.workloads, by: Self.account).mapValues { $0.map(\.id) }
  }

  static func account(_ workload: Workload) -> String { "\(workload.id.namespace)/\(workload.pod.serviceAccount)" }
}

extension Fleet {
  /// The readiness of every workload, in the fleet's order.
  package var readiness: [WorkloadReadiness] {
    let context = ReadinessContext(self)
    return workloads.map { workload in
      var level = ReadinessLevel.ready
      var reasons: [Finding] = []
      for rule in ReadinessRule.all {
        for occurrence in rule.occurrences(workload, context) {
          level = max(level, rule.level)
          reasons.append(
            Finding(
              code: rule.code, title: rule.title, severity: rule.severity, resource: workload.id.description,
              message: occurrence.message, fix: rule.fix, location: occurrence.location))
        }
      }
      return WorkloadReadiness(workload: workload.id, level: level, reasons: reasons)
    }
  }
}
