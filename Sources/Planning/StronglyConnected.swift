/// Tarjan's strongly connected components (SIAM J. Comput. 1972), without recursion so that deep graphs cannot
/// overflow the stack. Components come out in reverse topological order: after everything they lead to.
enum StronglyConnected {
  static func components<Node: Hashable>(nodes: [Node], successors: [Node: [Node]]) -> [[Node]] {
    var search = Search(successors: successors)
    for node in nodes where search.index[node] == nil { search.visit(node) }
    return search.components
  }

  private struct Search<Node: Hashable> {
    let successors: [Node: [Node]]
    var index: [Node: Int] = [:]
    var low: [Node: Int] = [:]
    var onStack: Set<Node> = []
    var stack: [Node] = []
    var components: [[Node]] = []

    init(successors: [Node: [Node]]) { self.successors = successors }

    mutating func visit(_ root: Node) {
      var frames: [(node: Node, next: Int)] = [(root, 0)]
      enter(root)
      while let frame = frames.last {
        let targets = successors[frame.node] ?? []
        if frame.next < targets.count {
          frames[frames.count - 1].next += 1
          let target = targets[frame.next]
          if index[target] == nil {
            enter(target)
            frames.append((target, 0))
          } else if onStack.contains(target) {
            lower(frame.node, to: index[target])
          }
        } else {
          frames.removeLast()
          if let parent = frames.last { lower(parent.node, to: low[frame.node]) }
          if low[frame.node] == index[frame.node] { emit(downTo: frame.node) }
        }
      }
    }

    private mutating func enter(_ node: Node) {
      index[node] = index.count
      low[node] = index[node]
      stack.append(node)
      onStack.insert(node)
    }

    private mutating func lower(_ node: Node, to value: Int?) {
      guard let value, let current = low[node] else { return }
      low[node] = min(current, value)
    }

    private mutating func emit(downTo node: Node) {
      var component: [Node] = []
      while let member = stack.popLast() {
        onStack.remove(member)
        component.append(member)
        if member == node { break }
      }
      components.append(component)
    }
  }
}
