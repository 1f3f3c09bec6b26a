import Diagnostics

/// What an open vector of a pod gives an attacker, as an edge of the breach graph.
enum VectorEffect: Sendable, Equatable {
  /// The machine below; the factor weakens the probability that the vector's severity stands for.
  case machine(Double)
  /// A port that the outside reaches.
  case entry
  /// Nothing beyond the pod, or something that other parts of the graph read from the rights and policies themselves.
  case nothing

  static func of(_ code: String) -> VectorEffect { exceptions[code] ?? (code.hasPrefix("L") ? .machine(1) : .nothing) }

  private static let exceptions: [String: VectorEffect] = [
    // They stop at the pod, stop the machine, or need a right that the account's edges show.
    "L15": .nothing, "L25": .nothing, "L40": .nothing, "L49": .nothing, "L52": .nothing, "L53": .nothing,
    "L55": .nothing,
    "L56": .entry,
    // The node's loopback services, sniffing, shared memory: a foothold on the machine, not yet the machine.
    "L23": .machine(0.6), "L24": .machine(0.3),
    // The node's cloud credentials.
    "K14": .machine(0.6),
  ]

  /// That an attempt succeeds, by the vector's severity. Judgement, not measurement; docs/paths.md says so.
  static func probability(_ severity: Severity) -> Double {
    switch severity {
    case .critical: 0.9
    case .high: 0.5
    case .medium: 0.2
    case .low: 0.05
    case .info: 0
    }
  }
}
