package import FleetModel

/// The exposure of a fleet: Σ over workloads of P(it falls) × the value within reach once it has.
///
/// P(falls) is the probability of the best way from the outside to it, but at least `assumedBreach` × its own chance
/// (what got in with an image or an insider asks for no way). The value within reach is exact: every node that can be
/// reached, each once. Taking an edge away can only make either smaller, so exposure never rises by a mitigation.
/// docs/paths.md gives the definition with its constants.
package struct Exposure: Sendable, Equatable {
  package struct Share: Sendable, Equatable {
    package var workload: ObjectReference
    /// P(falls), 0…1.
    package var falls: Double
    /// Pods other than the fallen one within reach.
    package var blastRadius: Int
    /// Value within reach, in ordinary pods.
    package var value: Double
    /// falls × value.
    package var exposure: Double
  }
  /// In the fleet's order.
  package var shares: [Share]
  package var total: Double

  /// The share of breaches that begin inside: a malicious dependency, a stolen key, an insider.
  package static let assumedBreach = 0.1
}

extension BreachGraph {
  /// Exposure with some mitigations taken as done. About as dear as one pass over the edges and the blast radius of
  /// everything: under a millisecond for a hundred workloads.
  package func exposure(applying applied: Set<Mitigation> = []) -> Exposure {
    exposure(blocked: blockedSets(applying: applied))
  }

  func exposure(blocked: [Bool]) -> Exposure {
    let radius = BlastRadius(self, blocked: blocked)
    let ways = outside.map { BestWays(self, from: [$0], blocked: blocked) }
    var total = 0.0
    let shares = workloads.map { id in
      let node = nodes[Int(id)]
      let outside = ways?.probability[Int(id)] ?? 0
      let falls = node.pods == 0 ? 0 : max(outside, Exposure.assumedBreach * node.chance)
      let value = radius.value(from: id, in: self) ?? 0
      total += falls * value
      return Exposure.Share(
        workload: node.id, falls: falls, blastRadius: node.pods == 0 ? 0 : radius.pods(from: id) ?? 0, value: value,
        exposure: falls * value)
    }
    return Exposure(shares: shares, total: total)
  }
}
