import FleetModel
import TestSupport

@testable import Breach

func pod(_ number: Int) -> ObjectReference { ObjectReference(kind: "Pod", namespace: "n", name: "p\(number)") }

/// A random graph with its edges as a brute-force reader wants them.
struct RandomGraph {
  struct Edge {
    var from: Int
    var to: Int
    var removedBy: [Mitigation]
  }
  var graph: BreachGraph
  var edges: [Edge]
  var pods: [Int]
  var values: [Double]

  init(
    nodes: Int, edges count: Int, mitigations: Int = 0, seed: UInt64, isAcyclic: Bool = false, weights: Int = 3,
    perEdge: Int = 2
  ) {
    var random = SplitMix64(seed)
    var draft = BreachGraphDraft()
    pods = (0..<nodes).map { _ in Int.random(in: 0...weights, using: &random) }
    values = (0..<nodes).map { _ in Double(Int.random(in: 0...weights, using: &random)) }
    for node in 0..<nodes {
      _ = draft.add(BreachNode(.pod, pod(node), pods: pods[node], value: values[node], chance: 0.5))
    }
    draft.workloads = (0..<nodes).map(Int32.init)
    draft.outside = 0
    edges = []
    for _ in 0..<count {
      var from = Int.random(in: 0..<nodes, using: &random)
      var to = Int.random(in: 0..<nodes, using: &random)
      if isAcyclic {
        if from == to { continue }
        (from, to) = (max(from, to), min(from, to))
      }
      let number = mitigations == 0 ? 0 : Int.random(in: 0...perEdge, using: &random)
      let removedBy = (0..<number).map { _ in
        Mitigation(.harden, pod(Int.random(in: 0..<mitigations, using: &random)))
      }
      let probability = Double(Int.random(in: 1...10, using: &random)) / 10
      draft.connect(
        Int32(from), Int32(to), BreachReason(.network, "", ""), probability: probability, removedBy: removedBy)
      edges.append(Edge(from: from, to: to, removedBy: removedBy))
    }
    graph = draft.graph()
  }

  /// Everything reached over at least one edge.
  func reached(from sources: [Int], applying applied: Set<Mitigation> = []) -> Set<Int> {
    var heads: [Int: [Int]] = [:]
    for edge in edges where applied.isDisjoint(with: edge.removedBy) { heads[edge.from, default: []].append(edge.to) }
    var seen: Set<Int> = []
    var stack = sources.flatMap { heads[$0] ?? [] }
    while let node = stack.popLast() {
      if seen.insert(node).inserted { stack += heads[node] ?? [] }
    }
    return seen
  }
}
