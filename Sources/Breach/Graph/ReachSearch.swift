/// What falls with a node, by name: a search that is asked for one node after the other and makes nothing anew.
package struct ReachSearch {
  private let graph: BreachGraph
  private let blocked: [Bool]
  /// By node: the number of the search that saw it last.
  private var seen: [Int32]
  private var searches: Int32 = 0
  private var queue: [Int32] = []
  private var labels: [String?]

  package init(_ graph: BreachGraph, applying applied: Set<Mitigation> = []) {
    self.graph = graph
    blocked = graph.blockedSets(applying: applied)
    seen = [Int32](repeating: 0, count: graph.nodes.count)
    labels = [String?](repeating: nil, count: graph.nodes.count)
  }

  /// The labels of what a node's fall reaches, itself and hubs left out: the nearest `limit`, sorted, and whether that
  /// is all.
  package mutating func reached(from source: Int32, limit: Int = .max) -> (labels: [String], isComplete: Bool) {
    searches += 1
    queue.removeAll(keepingCapacity: true)
    queue.append(source)
    seen[Int(source)] = searches
    var at = 0
    var found: [String] = []
    while at < queue.count {
      for edge in graph.edges(from: queue[at]) {
        let target = graph.targets[edge]
        guard seen[Int(target)] != searches, !blocked[Int(graph.setOf[edge])] else { continue }
        seen[Int(target)] = searches
        queue.append(target)
        guard graph.nodes[Int(target)].kind != .hub else { continue }
        if found.count == limit { return (Self.sorted(found), false) }
        found.append(label(target))
      }
      at += 1
    }
    return (Self.sorted(found), true)
  }

  /// A workload that is a crown jewel is two nodes and one name.
  private static func sorted(_ labels: [String]) -> [String] {
    let all = labels.sorted()
    return all.indices.filter { $0 == 0 || all[$0] != all[$0 - 1] }.map { all[$0] }
  }

  private mutating func label(_ node: Int32) -> String {
    if let known = labels[Int(node)] { return known }
    let label = graph.nodes[Int(node)].label
    labels[Int(node)] = label
    return label
  }
}
