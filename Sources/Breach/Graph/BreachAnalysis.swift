package import FleetModel

/// What `paths` says of a fleet: exposure, attack paths, blast radii and the cheapest cut, from one graph.
package struct BreachAnalysis: Sendable {
  package struct Cut: Sendable, Equatable {
    package var mitigation: Mitigation
    /// By how much exposure falls if this alone is done.
    package var exposureRemoved: Double
  }
  package let graph: BreachGraph
  package let exposure: Exposure
  package let paths: [AttackPath]
  /// The cheapest set that cuts every way that can be cut, the strongest first.
  package let cuts: [Cut]
  package let solution: MitigationCut
  /// By how much exposure falls if all of them are done.
  package let exposureRemovedTogether: Double

  /// - Parameters:
  ///   - sources: workloads taken as fallen; empty means the outside or, where nothing faces it, the workloads that
  ///     contribute most to the exposure.
  ///   - limit: how many paths.
  package init(_ graph: BreachGraph, from sources: [ObjectReference] = [], limit: Int = 20) {
    self.graph = graph
    let exposure = graph.exposure()
    self.exposure = exposure
    let starts = Self.starts(graph, exposure, sources)
    let goals = graph.goals
    paths = graph.attackPaths(from: starts, limit: limit)
    let cutFrom = starts.isEmpty ? graph.outside.map { [$0] } ?? [] : starts
    let solution = graph.cheapestCut(from: cutFrom, to: goals.filter { !cutFrom.contains($0) })
    self.solution = solution
    let members = solution.members.map { graph.mitigations[Int($0)] }
    // Each needs an evaluation of its own; beyond a few dozen the rest is given by name alone.
    cuts = members.enumerated().map { index, mitigation in
      Cut(
        mitigation: mitigation,
        exposureRemoved: index < 100 ? max(0, exposure.total - graph.exposure(applying: [mitigation]).total) : 0)
    }.sorted {
      $0.exposureRemoved != $1.exposureRemoved
        ? $0.exposureRemoved > $1.exposureRemoved : $0.mitigation < $1.mitigation
    }
    exposureRemovedTogether = max(0, exposure.total - graph.exposure(applying: Set(members)).total)
  }

  /// Empty: the outside, with a path through each entry.
  private static func starts(_ graph: BreachGraph, _ exposure: Exposure, _ sources: [ObjectReference]) -> [Int32] {
    guard sources.isEmpty else {
      let wanted = Set(sources)
      return graph.workloads.filter { wanted.contains(graph.nodes[Int($0)].id) }
    }
    guard graph.entries.isEmpty else { return [] }
    return zip(graph.workloads, exposure.shares).enumerated()
      .sorted { ($1.element.1.exposure, $0.offset) < ($0.element.1.exposure, $1.offset) }
      .prefix(10).filter { graph.nodes[Int($0.element.0)].pods > 0 }.map(\.element.0)
  }

  package var picture: BreachPicture {
    BreachPicture(graph, paths, cut: Set(cuts.map(\.mitigation)))
  }
}
