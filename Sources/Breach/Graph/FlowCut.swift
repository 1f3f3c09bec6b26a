/// The cut as a minimum cut: each mitigation is a gate as wide as it costs, through which its edges go.
struct FlowCut {
  let graph: BreachGraph
  let sources: [Int32]
  let goals: [Int32]
  let costs: [Int]
  /// The one node that all edges of a mitigation leave, or enter; -1 none seen yet, -2 several.
  private var tail: [Int32]
  private var head: [Int32]
  private var isSingle: [Bool]

  init(_ graph: BreachGraph, sources: [Int32], goals: [Int32], costs: [Int]) {
    self.graph = graph
    self.sources = sources
    self.goals = goals
    self.costs = costs
    tail = [Int32](repeating: -1, count: costs.count)
    head = tail
    isSingle = [Bool](repeating: true, count: costs.count)
    for node in graph.nodes.indices {
      for edge in graph.edges(from: Int32(node)) {
        let set = graph.mitigationSets[Int(graph.setOf[edge])]
        for member in set.map(Int.init) {
          Self.note(Int32(node), in: &tail[member])
          Self.note(graph.targets[edge], in: &head[member])
          if set.count > 1 { isSingle[member] = false }
        }
      }
    }
  }

  private static func note(_ node: Int32, in place: inout Int32) {
    if place == -1 { place = node } else if place != node { place = -2 }
  }

  /// The cheapest cut, where the graph has the form in which a minimum cut is one; nil where it has not.
  func exact() -> (members: [Int32], value: Int)? {
    let fits = costs.indices.allSatisfy { isSingle[$0] && (tail[$0] != -2 || head[$0] != -2) }
    guard fits else { return nil }
    return solve()
  }

  /// A cut, not always the cheapest: an edge is taken to depend on the cheapest of its mitigations alone, and a
  /// mitigation may be paid for more than once.
  func approximate() -> [Int32] { solve()?.members ?? [] }

  private func solve() -> (members: [Int32], value: Int)? {
    var flow = MaximumFlow(nodeCount: graph.nodes.count + 2)
    let (source, sink) = (Int32(graph.nodes.count), Int32(graph.nodes.count + 1))
    for node in sources { flow.connect(source, node, MaximumFlow.unlimited) }
    for node in goals { flow.connect(node, sink, MaximumFlow.unlimited) }
    /// A gate is shared by the edges of one mitigation that leave, or enter, the same node.
    struct Key: Hashable {
      var mitigation: Int32
      var node: Int32
      var isTail: Bool
    }
    var gates: [Key: (entry: Int32, exit: Int32)] = [:]
    var order: [(mitigation: Int32, entry: Int32, exit: Int32)] = []
    for node in graph.nodes.indices.map(Int32.init) {
      for edge in graph.edges(from: node) {
        let set = graph.mitigationSets[Int(graph.setOf[edge])]
        guard let member = set.min(by: { (costs[Int($0)], $0) < (costs[Int($1)], $1) }) else {
          flow.connect(node, graph.targets[edge], MaximumFlow.unlimited)
          continue
        }
        let isTail = tail[Int(member)] != -2 || head[Int(member)] == -2
        let key = Key(mitigation: member, node: isTail ? node : graph.targets[edge], isTail: isTail)
        let gate = gates[key] ?? (flow.addNode(), flow.addNode())
        if gates[key] == nil {
          gates[key] = gate
          order.append((member, gate.entry, gate.exit))
          flow.connect(gate.entry, gate.exit, costs[Int(member)])
        }
        flow.connect(node, gate.entry, MaximumFlow.unlimited)
        flow.connect(gate.exit, graph.targets[edge], MaximumFlow.unlimited)
      }
    }
    guard let value = flow.run(from: source, to: sink) else { return nil }
    let side = flow.sourceSide(of: source)
    let members = order.filter { side[Int($0.entry)] && !side[Int($0.exit)] }.map(\.mitigation)
    return (Array(Set(members)).sorted(), value)
  }
}
