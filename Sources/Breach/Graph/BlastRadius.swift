/// How far each node's fall reaches, exactly: the number of pods and the value within reach of all at once.
package struct BlastRadius: Sendable {
  private let component: [Int32]
  private let isCyclic: [Bool]
  private let reach: [ReachSums.Weight]
  private let isKnown: [Bool]
  private let ownPods: [Int32]

  package let componentCount: Int

  /// - Parameters:
  ///   - applied: mitigations that are taken as done.
  ///   - everyNode: asks for nodes that stand for no pod as well; without it, what no pod reaches costs nothing.
  package init(_ graph: BreachGraph, applying applied: Set<Mitigation> = [], everyNode: Bool = false) {
    self.init(graph, blocked: graph.blockedSets(applying: applied), everyNode: everyNode)
  }

  init(_ graph: BreachGraph, blocked: [Bool], everyNode: Bool = false) {
    let dag = Condensation(graph, blocked: blocked)
    var weights = [ReachSums.Weight](repeating: .zero, count: dag.count)
    var wanted = [Bool](repeating: everyNode, count: dag.count)
    for (node, own) in zip(graph.nodes, dag.componentOf) {
      weights[Int(own)] += ReachSums.Weight(pods: node.pods, value: node.value * Double(max(1, node.pods)))
      if node.pods > 0 { wanted[Int(own)] = true }
    }
    reach = ReachSums.of(offsets: dag.offsets, successors: dag.successors, weights: weights, wanted: wanted).sums
    isKnown = wanted
    component = dag.componentOf
    isCyclic = dag.isCyclic
    componentCount = dag.count
    ownPods = graph.nodes.map { Int32(clamping: $0.pods) }
  }

  /// Pods other than the fallen one that its fall reaches. Replicas of the same workload count where there is a way
  /// back to it. Nil for a node that was not asked for.
  package func pods(from node: Int32) -> Int? {
    let own = Int(component[Int(node)])
    guard isKnown[own] else { return nil }
    let pods = Int(ownPods[Int(node)])
    return reach[own].pods - (isCyclic[own] ? min(pods, 1) : pods)
  }

  /// The value within reach of one fallen pod of the node: its own included, its replicas' only where they are
  /// reached. Nil for a node that was not asked for.
  package func value(from node: Int32, in graph: BreachGraph) -> Double? {
    let own = Int(component[Int(node)])
    guard isKnown[own] else { return nil }
    let pods = Int(ownPods[Int(node)])
    guard !isCyclic[own], pods > 1 else { return reach[own].value }
    return reach[own].value - graph.nodes[Int(node)].value * Double(pods - 1)
  }
}
