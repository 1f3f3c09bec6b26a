import Composition
import Diagnostics
import FleetModel
import Foundation

/// How a proof of policies is told.
struct PolicyProofOutput {
  let proof: PolicyProof

  /// `bulkhead.policyProof/1`, keys sorted.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(proof), as: UTF8.self) + "\n"
  }

  /// One line a stage, and under it every attempt that did not end as the policies promise.
  var text: String {
    proof.stages.map { stage in
      let failures = stage.failures
      let verdict = failures.isEmpty ? "" : ", \(failures.count) not as promised"
      let head = "\(stage.name): \(stage.passed) needed calls passed, \(stage.refused) others refused\(verdict)\n"
      return head + failures.map { "  \(Self.line($0))\n" }.joined() + Self.leftOpen(stage.leftOpen)
    }.joined()
  }

  /// One line a reason.
  private static func leftOpen(_ pairs: [PolicyProof.LeftOpen]) -> String {
    Dictionary(grouping: pairs, by: \.because).sorted { $0.key < $1.key }.map { because, pairs in
      "  \(pairs.count) other pair\(pairs.count == 1 ? "" : "s") left to the network policies: \(because)\n"
    }.joined()
  }

  private static func line(_ attempt: PolicyProof.Attempt) -> String {
    let way = attempt.way == .pod ? " (to the pod's address)" : ""
    let wanted = attempt.needed ? "needed, but \(attempt.result)" : "not needed, but \(attempt.result)"
    return "\(attempt.from) → \(attempt.to) \(attempt.port)\(way): \(wanted) – \(attempt.seen)".safeForTerminal
  }
}
