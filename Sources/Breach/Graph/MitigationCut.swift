/// The cheapest mitigations after which no source reaches a goal any more.
///
/// An edge goes when any of its mitigations is applied, and a mitigation takes many edges with it. Where every edge has
/// at most one mitigation and a mitigation's edges all leave one node (or all enter one), this is a minimum cut and
/// exact at any size. In general it is the minimum label cut, which is NP-hard: then it is solved exactly as a hitting
/// set over ways that are found as they are needed, within a budget; beyond that the answer is a cut (in all but the
/// largest graphs one that no member can be left out of) with a proven lower bound beside it.
package struct MitigationCut: Sendable, Equatable {
  /// Positions in `BreachGraph.mitigations`, sorted.
  package var members: [Int32]
  package var cost: Int
  /// No cheaper cut exists below this.
  package var lowerBound: Int
  package var isExact: Bool { cost == lowerBound }
  /// Goals that are reached by edges which nothing removes: no cut can protect them.
  package var beyondCut: [Int32]
}

extension BreachGraph {
  /// - Parameters:
  ///   - costs: of each mitigation, positive; 1 each by default.
  ///   - effort: how much branching the exact search may do; the default answers within about a second.
  package func cheapestCut(
    from sources: [Int32], to goals: [Int32], costs: [Int]? = nil, effort: Int = 20_000
  ) -> MitigationCut {
    let costs = costs ?? [Int](repeating: 1, count: mitigations.count)
    var search = CutSearch(self, from: sources, to: goals, costs: costs)
    return search.run(effort: effort)
  }
}

struct CutSearch {
  let graph: BreachGraph
  let sources: [Int32]
  /// Goals that can be protected.
  let goals: [Int32]
  let beyond: [Int32]
  let costs: [Int]
  private let isGoal: [Bool]
  /// How many searches over all edges are affordable: fewer in a large graph.
  private let searches: Int

  init(_ graph: BreachGraph, from sources: [Int32], to goals: [Int32], costs: [Int]) {
    self.graph = graph
    self.sources = sources
    self.costs = costs
    // With every mitigation applied, only edges that nothing removes are left.
    let bare = graph.mitigationSets.map { !$0.isEmpty }
    let still = Self.reach(graph, sources) { !bare[Int(graph.setOf[$0])] }
    beyond = goals.filter { still[Int($0)] }.sorted()
    self.goals = goals.filter { !still[Int($0)] }.sorted()
    var marks = [Bool](repeating: false, count: graph.nodes.count)
    for goal in self.goals { marks[Int(goal)] = true }
    isGoal = marks
    searches = max(16, min(20_000, 200_000_000 / max(1, graph.edgeCount)))
  }

  mutating func run(effort: Int) -> MitigationCut {
    func answer(_ members: [Int32], _ bound: Int) -> MitigationCut {
      MitigationCut(
        members: members.sorted(), cost: members.reduce(0) { $0 + costs[Int($1)] }, lowerBound: bound,
        beyondCut: beyond)
    }
    guard shortestWay(without: []) != nil else { return answer([], 0) }
    let flow = FlowCut(graph, sources: sources, goals: goals, costs: costs)
    if let exact = flow.exact() { return answer(exact.members, exact.value) }
    var (bound, ways) = packing()
    var members = minimal(flow.approximate())
    var left = effort
    while left > 0, ways.count < min(400, searches / 4) {
      let hitting = HittingSet(ways, costs: costs, budget: left)
      left -= max(50, effort / 100)
      guard hitting.isExact else { break }
      bound = max(bound, hitting.bestCost)
      guard let missed = shortestWay(without: Set(hitting.best)) else { return answer(hitting.best, hitting.bestCost) }
      ways.append(missed)
      // Several ways that share nothing teach more than one.
      ways += packing(without: Set(hitting.best).union(missed)).ways
    }
    guard searches >= 1000 else { return answer(members, bound) }
    let greedy = minimal(HittingSet(ways, costs: costs, budget: 1).best, completing: true)
    if greedy.reduce(0, { $0 + costs[Int($1)] }) < members.reduce(0, { $0 + costs[Int($1)] }) { members = greedy }
    return answer(members, bound)
  }

  /// Ways of which no two share a mitigation: each needs one of its own, so the sum of their cheapest is a lower bound.
  private func packing(without start: Set<Int32> = []) -> (bound: Int, ways: [[Int32]]) {
    var used = start
    var ways: [[Int32]] = []
    var bound = 0
    while ways.count < min(1000, searches / 8), let way = shortestWay(without: used) {
      ways.append(way)
      used.formUnion(way)
      bound += way.map { costs[Int($0)] }.min() ?? 0
    }
    return (bound, ways)
  }

  /// Leaves out, dearest first, whatever the rest does not need.
  private func minimal(_ members: [Int32], completing: Bool = false) -> [Int32] {
    var chosen = Set(members)
    while completing, let missed = shortestWay(without: chosen), let cheapest = missed.min(by: isCheaper) {
      chosen.insert(cheapest)
    }
    guard chosen.count <= searches / 4 else { return chosen.sorted() }
    for member in chosen.sorted(by: { isCheaper($1, $0) }) {
      chosen.remove(member)
      if shortestWay(without: chosen) != nil { chosen.insert(member) }
    }
    return chosen.sorted()
  }

  private func isCheaper(_ left: Int32, _ right: Int32) -> Bool {
    (costs[Int(left)], left) < (costs[Int(right)], right)
  }

  /// The mitigations on a way with as few mitigated edges as possible that avoids the given ones; nil where none is
  /// left.
  private func shortestWay(without removed: Set<Int32>) -> [Int32]? {
    let blocked = graph.mitigationSets.map { set in set.contains { removed.contains($0) } }
    var distance = [Int32](repeating: .max, count: graph.nodes.count)
    var previous = [Int32](repeating: -1, count: graph.nodes.count)
    var origin = previous
    var layer = sources
    for source in sources { distance[Int(source)] = 0 }
    var depth: Int32 = 0
    // Edges without a mitigation cost nothing: a layer grows while it is read, the next one waits.
    while !layer.isEmpty {
      var following: [Int32] = []
      var at = 0
      while at < layer.count {
        let node = layer[at]
        at += 1
        guard distance[Int(node)] == depth else { continue }
        if isGoal[Int(node)] { return labels(to: node, previous, origin) }
        for edge in graph.edges(from: node) where !blocked[Int(graph.setOf[edge])] {
          let target = Int(graph.targets[edge])
          let reached = depth + (graph.setOf[edge] == 0 ? 0 : 1)
          guard reached < distance[target] else { continue }
          distance[target] = reached
          previous[target] = Int32(edge)
          origin[target] = node
          if reached == depth { layer.append(Int32(target)) } else { following.append(Int32(target)) }
        }
      }
      layer = following
      depth += 1
    }
    return nil
  }

  private func labels(to goal: Int32, _ previous: [Int32], _ origin: [Int32]) -> [Int32] {
    var labels: Set<Int32> = []
    var at = goal
    while previous[Int(at)] >= 0 {
      labels.formUnion(graph.mitigationSets[Int(graph.setOf[Int(previous[Int(at)])])])
      at = origin[Int(at)]
    }
    return labels.sorted()
  }

  static func reach(_ graph: BreachGraph, _ sources: [Int32], _ isThere: (Int) -> Bool) -> [Bool] {
    var seen = [Bool](repeating: false, count: graph.nodes.count)
    var stack = sources
    for source in sources { seen[Int(source)] = true }
    while let node = stack.popLast() {
      for edge in graph.edges(from: node) where !seen[Int(graph.targets[edge])] && isThere(edge) {
        seen[Int(graph.targets[edge])] = true
        stack.append(graph.targets[edge])
      }
    }
    return seen
  }
}
