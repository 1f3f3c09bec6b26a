import FleetModel
import Testing

@testable import Breach

struct GraphPathTests {
  /// The most probable way by trying all simple ways.
  private func best(_ random: RandomGraph, from: Int, to: Int) -> Double {
    func walk(_ at: Int, _ seen: Set<Int>, _ probability: Double) -> Double {
      if at == to { return probability }
      var best = 0.0
      for edge in random.graph.edges(from: Int32(at)) {
        let next = Int(random.graph.target(ofEdge: edge))
        if seen.contains(next) { continue }
        best = max(best, walk(next, seen.union([next]), probability * random.graph.probability(ofEdge: edge)))
      }
      return best
    }
    return walk(from, [from], 1)
  }

  @Test func noWayIsMoreProbable() {
    for round in 0..<80 {
      let random = RandomGraph(nodes: 8, edges: 18, seed: UInt64(round))
      for goal in 1..<8 {
        let paths = random.graph.attackPaths(from: [0], to: [Int32(goal)])
        let expected = best(random, from: 0, to: goal)
        #expect(abs((paths.first?.probability ?? 0) - expected) < 1e-9)
        #expect(paths.isEmpty == (expected == 0))
      }
    }
  }

  @Test func hubsAreNoStepsAndReasonsJoin() {
    var draft = BreachGraphDraft()
    let start = draft.add(BreachNode(.pod, pod(0), pods: 1))
    let hub = draft.add(BreachNode(.hub, .init(kind: "Hub", namespace: "", name: "")))
    let end = draft.add(BreachNode(.jewel, pod(1)))
    draft.connect(start, hub, BreachReason(.network, "", "sends freely"), probability: 0.5)
    draft.connect(hub, end, BreachReason(.network, "M08", "takes plaintext"), probability: 0.5)
    let paths = draft.graph().attackPaths(from: [start])
    #expect(paths.count == 1)
    #expect(
      paths.first?.steps == [
        AttackPath.Step(kind: .network, code: "M08", to: end, message: "sends freely; takes plaintext")
      ])
    #expect(paths.first?.probability == 0.25)
  }

  @Test func theNumberIsBoundedAndTheOrderIsFixed() {
    let random = RandomGraph(nodes: 60, edges: 240, seed: 3)
    let goals = (1..<60).map(Int32.init)
    let paths = random.graph.attackPaths(to: goals, limit: 7)
    #expect(paths.count == 7)
    #expect(paths == random.graph.attackPaths(to: goals, limit: 7))
    for (left, right) in zip(paths, paths.dropFirst()) { #expect(left.probability >= right.probability) }
    #expect(Array(random.graph.attackPaths(to: goals, limit: 12).prefix(7)) == paths)
  }

  @Test func mitigatedEdgesAreNotWalked() {
    let random = RandomGraph(nodes: 10, edges: 30, mitigations: 3, seed: 5)
    let all = Set(random.graph.mitigations)
    let reached = random.reached(from: [0], applying: all)
    for goal in 1..<10 {
      let paths = random.graph.attackPaths(from: [0], to: [Int32(goal)], applying: all)
      #expect(paths.isEmpty != reached.contains(goal))
    }
  }
}

extension GraphPathTests {
  @Test func whatIsLeftAfterAMitigationIsShownToo() throws {
    let graph = GraphExposureTests.shop()
    let web = graph.workloads[0]
    let paths = graph.attackPaths(from: [web])
    // Through the node first (0.9), then, with that hardened, over the network (0.1).
    #expect(paths.map { $0.steps.map(\.kind) } == [[.breakout, .sameNode, .holds], [.network, .holds]])
  }
}
