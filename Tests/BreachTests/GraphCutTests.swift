import TestSupport
import Testing

@testable import Breach

/// The cheapest cut against every subset of the mitigations.
struct GraphCutTests {
  private func cuts(_ random: RandomGraph, _ applied: Set<Mitigation>, _ goals: [Int]) -> Bool {
    random.reached(from: [0], applying: applied).isDisjoint(with: goals)
  }

  private func bruteForce(_ random: RandomGraph, _ goals: [Int], _ costs: [Int]) -> Int {
    let all = random.graph.mitigations
    var best = Int.max
    for pattern in 0..<(1 << all.count) {
      let chosen = all.indices.filter { pattern >> $0 & 1 == 1 }
      let cost = chosen.reduce(0) { $0 + costs[$1] }
      if cost < best, cuts(random, Set(chosen.map { all[$0] }), goals) { best = cost }
    }
    return best
  }

  @Test func noSubsetIsCheaper() {
    var solved = 0
    for round in 0..<150 {
      let random = RandomGraph(nodes: 9, edges: 18, mitigations: 7, seed: UInt64(round), perEdge: 1 + round % 2)
      var generator = SplitMix64(UInt64(round))
      let costs = random.graph.mitigations.map { _ in Int.random(in: 1...4, using: &generator) }
      let goals = [7, 8]
      let cut = random.graph.cheapestCut(from: [0], to: goals.map(Int32.init), costs: costs)
      let protectable = goals.filter { !cut.beyondCut.contains(Int32($0)) }
      let every = Set(random.graph.mitigations)
      for goal in goals {
        #expect(cut.beyondCut.contains(Int32(goal)) == random.reached(from: [0], applying: every).contains(goal))
      }
      let members = Set(cut.members.map { random.graph.mitigations[Int($0)] })
      #expect(cuts(random, members, protectable))
      #expect(cut.isExact)
      #expect(cut.cost == bruteForce(random, protectable, costs))
      if cut.cost > 0 { solved += 1 }
    }
    #expect(solved > 50)
  }

  /// Where every mitigation's edges leave one node the answer is a minimum cut: exact at any size, without search.
  @Test func starsAreCutByFlow() {
    for round in 0..<60 {
      var random = SplitMix64(UInt64(round))
      var draft = BreachGraphDraft()
      for node in 0..<10 { _ = draft.add(BreachNode(.pod, pod(node), pods: 1)) }
      var edges: [RandomGraph.Edge] = []
      for _ in 0..<25 {
        let (from, to) = (Int.random(in: 0..<9, using: &random), Int.random(in: 1..<10, using: &random))
        let removedBy = from == 0 ? [] : [Mitigation(.harden, pod(from))]
        draft.connect(Int32(from), Int32(to), BreachReason(.network, "", ""), removedBy: removedBy)
        edges.append(.init(from: from, to: to, removedBy: removedBy))
      }
      var fixture = RandomGraph(nodes: 1, edges: 0, seed: 1)
      fixture.graph = draft.graph()
      fixture.edges = edges
      let costs = fixture.graph.mitigations.map { _ in Int.random(in: 1...5, using: &random) }
      let cut = fixture.graph.cheapestCut(from: [0], to: [9], costs: costs, effort: 0)
      if cut.beyondCut.isEmpty {
        #expect(cut.isExact)
        #expect(cut.cost == bruteForce(fixture, [9], costs))
      }
    }
  }

  @Test func withoutEffortItStillCutsAndBoundsHold() {
    for round in 0..<60 {
      let random = RandomGraph(nodes: 12, edges: 30, mitigations: 9, seed: UInt64(5000 + round))
      let cut = random.graph.cheapestCut(from: [0], to: [10, 11], effort: 0)
      let goals = [10, 11].filter { !cut.beyondCut.contains(Int32($0)) }
      #expect(cuts(random, Set(cut.members.map { random.graph.mitigations[Int($0)] }), goals))
      let best = bruteForce(random, goals, random.graph.mitigations.map { _ in 1 })
      #expect(cut.lowerBound <= best && best <= cut.cost)
    }
  }
}
