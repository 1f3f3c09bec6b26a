import Diagnostics
package import FleetModel
import Foundation
package import Rollout
package import StandinProtocol

/// Reads what probes said.
package struct ProbeReading: Sendable {
  private var vectors: [String]
  private var workload: ObjectReference
  private var phase: ProbeRecord.Phase

  package init(_ vectors: [String], of workload: ObjectReference, phase: ProbeRecord.Phase) {
    (self.vectors, self.workload, self.phase) = (vectors, workload, phase)
  }

  /// One record for each vector. Of several containers, one that got out decides, then one that could not tell.
  /// - Parameter counted: the vectors whose controls got out on this node; nil for the controls themselves.
  package func records(
    _ ending: ProbePod.Ending, counted: Set<String>? = nil, _ node: String = ""
  ) -> [ProbeRecord] {
    vectors.map { vector in
      if let counted, !counted.contains(vector) {
        return record(vector, .inconclusive, "its control did not get out on the node \(node)".safeForTerminal)
      }
      switch ending {
      case .impossible(let why):
        return record(vector, .inconclusive, phase == .weakened ? "not possible here: \(why)" : why)
      case .said(let texts):
        let outcomes = texts.compactMap { Self.outcome(vector, in: $0) }
        let escaped = outcomes.first { $0.result == .escaped }
        guard escaped != nil || outcomes.count == texts.count && !texts.isEmpty else {
          return record(vector, .inconclusive, "the probe said nothing")
        }
        guard let outcome = escaped ?? outcomes.first(where: { $0.result == .inconclusive }) ?? outcomes.first else {
          return record(vector, .inconclusive, "the probe said nothing")
        }
        return record(vector, Self.result(outcome), outcome.step.safeForTerminal, outcome.errno?.safeForTerminal)
      }
    }
  }

  private func record(
    _ vector: String, _ result: ProbeRecord.Result, _ step: String, _ errno: String? = nil
  ) -> ProbeRecord {
    ProbeRecord(vector: vector, workload: workload, phase: phase, result: result, step: step, errno: errno)
  }

  private static func result(_ outcome: ProbeOutcome) -> ProbeRecord.Result {
    switch outcome.result {
    case .escaped: .escaped
    case .contained: .contained
    case .inconclusive: .inconclusive
    }
  }

  /// Nil where nothing, or nothing that can be read, was said of a vector.
  package static func outcome(_ vector: String, in text: String) -> ProbeOutcome? {
    text.split(separator: "\n").prefix(100).lazy.compactMap {
      try? JSONDecoder().decode(ProbeOutcome.self, from: Data($0.utf8))
    }.first { $0.vector == vector }
  }
}
