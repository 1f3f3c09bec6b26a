package import FleetModel

/// What `paths` says of a fleet: exposure, attack paths, blast radii and the cheapest cut, from one graph.
package struct BreachAnalysis: Sendable {
  package struct Cut: Sendable, Equatable {
    package var mitigation: Mitigation
    /// By how much exposure falls if this alone is done; nil where a large fleet left no time to compute it.
    package var exposureRemoved: Double?
    /// A member of the cheapest cut. The others are what lowers exposure most besides.
    package var isInCut: Bool
  }
  package let graph: BreachGraph
  package let exposure: Exposure
  package let paths: [AttackPath]
  /// The cheapest set that cuts every way that can be cut and, up to twenty in all, the strongest mitigations besides;
  /// the strongest first.
  package let cuts: [Cut]
  package let solution: MitigationCut
  /// What to do first, second and so on, at most twenty steps; empty where a large fleet left no time for it.
  package let sequence: MitigationSequence
  /// Exposure with every mitigation done that there is: what only another design of the fleet could take away.
  package let exposureLeft: Double
  /// By how much exposure falls if all members of the cut are done.
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
    let ranked = Self.ranked(graph, exposure, members)
    cuts = ranked.cuts
    sequence = MitigationSequence(
      graph, from: exposure.total, ranked.alone, limit: 20, budget: min(4000, 20_000_000 / max(1, graph.edgeCount)))
    exposureLeft = graph.exposure(blocked: graph.mitigationSets.map { !$0.isEmpty }).total
    exposureRemovedTogether = max(0, exposure.total - graph.exposure(applying: Set(members)).total)
  }

  /// Each figure needs an evaluation of its own: the cut's members first, then the mitigations of those workloads that
  /// contribute most, as far as the graph's size allows.
  private static func ranked(_ graph: BreachGraph, _ exposure: Exposure, _ members: [Mitigation]) -> (
    cuts: [Cut], alone: [(Mitigation, Double)]
  ) {
    let budget = max(8, min(1000, 5_000_000 / max(1, graph.edgeCount)))
    let inCut = Set(members)
    var weight: [ObjectReference: Double] = [:]
    for share in exposure.shares { weight[share.workload] = share.exposure }
    let others = graph.mitigations.filter { !inCut.contains($0) }.sorted {
      let (left, right) = (weight[$0.workload] ?? 0, weight[$1.workload] ?? 0)
      return left != right ? left > right : $0 < $1
    }
    var cuts: [Cut] = []
    for (index, mitigation) in (members + others.prefix(max(0, budget - members.count))).enumerated() {
      let removed = index < budget ? exposure.total - graph.exposure(applying: [mitigation]).total : nil
      cuts.append(
        Cut(mitigation: mitigation, exposureRemoved: removed.map { max(0, $0) }, isInCut: index < members.count))
    }
    func isBefore(_ left: Cut, _ right: Cut) -> Bool {
      let (a, b) = (left.exposureRemoved ?? -1, right.exposureRemoved ?? -1)
      return a != b ? a > b : left.mitigation < right.mitigation
    }
    let strongest = cuts.filter { !$0.isInCut && $0.exposureRemoved ?? 0 > 0 }.sorted(by: isBefore)
    let shown = cuts.filter(\.isInCut) + strongest.prefix(max(0, 20 - members.count))
    return (shown.sorted(by: isBefore), cuts.compactMap { cut in cut.exposureRemoved.map { (cut.mitigation, $0) } })
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
    BreachPicture(graph, paths, cut: Set(cuts.filter(\.isInCut).map(\.mitigation)))
  }
}
