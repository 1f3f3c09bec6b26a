import Foundation
import TestSupport
import Testing

@testable import Breach

/// The exact blast radius against a search from every node.
struct GraphReachTests {
  private static let rounds = ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 120 : 20_000

  private func check(_ random: RandomGraph, applying applied: Set<Mitigation> = []) {
    let radius = BlastRadius(random.graph, applying: applied, everyNode: true)
    let ofPods = BlastRadius(random.graph, applying: applied)
    for node in random.pods.indices {
      let reached = random.reached(from: [node], applying: applied)
      let own = random.pods[node]
      let isBack = reached.contains(node)
      let pods = reached.subtracting([node]).reduce(0) { $0 + random.pods[$1] } + (isBack ? max(0, own - 1) : 0)
      #expect(radius.pods(from: Int32(node)) == pods)
      if own > 0 { #expect(ofPods.pods(from: Int32(node)) == pods) }
      var value = reached.subtracting([node]).reduce(0) { $0 + random.values[$1] * Double(max(1, random.pods[$1])) }
      value += random.values[node] * (isBack ? Double(max(1, own)) : 1)
      #expect(radius.value(from: Int32(node), in: random.graph) == value)
    }
  }

  @Test func sumsAreThoseOfASearch() {
    for round in 0..<Self.rounds {
      var random = SplitMix64(UInt64(round))
      let nodes = Int.random(in: 1...40, using: &random)
      let edges = Int.random(in: 0...nodes * 3, using: &random)
      check(RandomGraph(nodes: nodes, edges: edges, seed: UInt64(round), isAcyclic: round.isMultiple(of: 2)))
    }
  }

  @Test func mitigatedEdgesAreGone() {
    for round in 0..<40 {
      let random = RandomGraph(nodes: 20, edges: 50, mitigations: 6, seed: UInt64(1000 + round))
      check(random, applying: Set(random.graph.mitigations.prefix(round % 7)))
    }
  }

  /// Large enough for several blocks of columns and for splits at pivots.
  @Test(arguments: [(1500, 2600, true), (1500, 6000, true), (2500, 2700, false), (2500, 5000, false)])
  func largeGraphsToo(nodes: Int, edges: Int, isAcyclic: Bool) {
    let random = RandomGraph(nodes: nodes, edges: edges, seed: 7, isAcyclic: isAcyclic, weights: 200)
    let radius = BlastRadius(random.graph, everyNode: true)
    var generator = SplitMix64(9)
    for _ in 0..<60 {
      let node = Int.random(in: 0..<nodes, using: &generator)
      let reached = random.reached(from: [node])
      let own = reached.contains(node) ? max(0, random.pods[node] - 1) : 0
      #expect(
        radius.pods(from: Int32(node)) == reached.subtracting([node]).reduce(0) { $0 + random.pods[$1] } + own)
    }
  }

  @Test func splitsHappenAndChangeNothing() {
    // Everything above the middle leads to it, and it leads to everything below.
    let (count, middle) = (12_000, 6_000)
    var offsets: [Int32] = [0]
    var heads: [Int32] = []
    for node in 0..<count {
      if node > middle { heads.append(Int32(middle)) }
      if node == middle { heads += (0..<Int32(middle)) }
      if node > middle, node.isMultiple(of: 3) { heads.append(Int32(node - 1)) }
      offsets.append(Int32(heads.count))
    }
    let weights = (0..<count).map { ReachSums.Weight(pods: $0 % 5, value: Double($0 % 3)) }
    let sums = ReachSums.of(offsets: offsets, successors: heads, weights: weights)
    #expect(sums.pivots > 0)
    let below = (0...middle).reduce(0) { $0 + $1 % 5 }
    #expect(sums.sums[middle].pods == below)
    #expect(sums.sums[9001].pods == below + 9001 % 5)
    #expect(sums.sums[9000].pods == below + 9000 % 5 + 8999 % 5)
  }

  @Test func aLongChainNeedsNoStack() {
    var draft = BreachGraphDraft()
    let count = 50_000
    for node in 0..<count { _ = draft.add(BreachNode(.pod, pod(node), pods: 1, value: 1)) }
    for node in 1..<count { draft.connect(Int32(node - 1), Int32(node), BreachReason(.network, "", "")) }
    let radius = BlastRadius(draft.graph())
    #expect(radius.pods(from: 0) == count - 1)
    #expect(radius.pods(from: Int32(count - 1)) == 0)
  }

  @Test func anEmptyGraphHasNothing() {
    #expect(BlastRadius(BreachGraphDraft().graph()).componentCount == 0)
    #expect(BreachGraphDraft().graph().exposure().total == 0)
    #expect(BreachGraphDraft().graph().attackPaths().isEmpty)
  }
}
