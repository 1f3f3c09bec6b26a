/// What a drawing of attack paths shows: each node once, in layers by its distance from where the paths begin.
package struct BreachPicture: Sendable, Equatable {
  package struct Node: Sendable, Equatable {
    package var kind: BreachNode.Kind
    package var label: String
    /// The longest way to it over the paths drawn, cut off at the number of nodes.
    package var layer: Int
  }
  package struct Edge: Sendable, Equatable {
    /// Positions in `nodes`.
    package var from: Int
    package var to: Int
    package var kind: BreachReason.Kind
    package var code: String
    package var message: String
    /// Drawn strong: one of the chosen mitigations removes it.
    package var isCut: Bool
  }
  package var nodes: [Node] = []
  package var edges: [Edge] = []

  /// - Parameter cut: the mitigations chosen; what they remove is marked.
  package init(_ graph: BreachGraph, _ paths: [AttackPath], cut: Set<Mitigation> = []) {
    var index: [Int32: Int] = [:]
    var ids: [Int32] = []
    func position(_ id: Int32) -> Int {
      if let known = index[id] { return known }
      index[id] = ids.count
      ids.append(id)
      return ids.count - 1
    }
    let removed = graph.removedSteps(applying: cut)
    for path in paths {
      var at = position(path.from)
      for step in path.steps {
        let to = position(step.to)
        let edge = Edge(
          from: at, to: to, kind: step.kind, code: step.code, message: step.message,
          isCut: removed(ids[at], step))
        if !edges.contains(edge) { edges.append(edge) }
        at = to
      }
    }
    let layers = Self.layers(ids.count, edges)
    nodes = zip(ids, layers).map { id, layer in
      Node(kind: graph.nodes[Int(id)].kind, label: graph.nodes[Int(id)].label, layer: layer)
    }
  }

  /// Longest ways; a circle (two paths that pass the same nodes in opposite order) ends the raising.
  private static func layers(_ count: Int, _ edges: [Edge]) -> [Int] {
    var layers = [Int](repeating: 0, count: count)
    for _ in 0..<max(0, min(count, 32)) {
      var changed = false
      for edge in edges where layers[edge.to] <= layers[edge.from] && layers[edge.from] + 1 < min(count, 32) {
        layers[edge.to] = layers[edge.from] + 1
        changed = true
      }
      if !changed { break }
    }
    let used = Set(layers).sorted()
    return layers.map { used.firstIndex(of: $0) ?? 0 }
  }
}

extension BreachGraph {
  /// Whether every way of making a step (directly, or through hubs) is gone once these mitigations are applied.
  fileprivate func removedSteps(applying cut: Set<Mitigation>) -> (Int32, AttackPath.Step) -> Bool {
    guard !cut.isEmpty else { return { _, _ in false } }
    let blocked = blockedSets(applying: cut)
    return { from, step in
      var stack = [from]
      var seen: Set<Int32> = [from]
      while let node = stack.popLast() {
        for edge in edges(from: node) where !blocked[Int(setOf[edge])] {
          let target = targets[edge]
          if target == step.to, reason(ofEdge: edge).kind == step.kind || node != from { return false }
          if nodes[Int(target)].kind == .hub, seen.insert(target).inserted { stack.append(target) }
        }
      }
      return true
    }
  }
}
