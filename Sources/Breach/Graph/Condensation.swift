/// The strongly connected components of a graph and the edges between them (Tarjan 1972, without recursion).
///
/// Components are numbered in reverse topological order: every edge leads to a smaller number.
struct Condensation: Sendable {
  let count: Int
  let componentOf: [Int32]
  /// True where something in it can come back to itself: more than one member, or an edge to itself.
  let isCyclic: [Bool]
  /// Successors of component `c`, each once: `successors[offsets[c]..<offsets[c + 1]]`.
  let offsets: [Int32]
  let successors: [Int32]

  init(_ graph: BreachGraph, blocked: [Bool]) {
    self.init(nodeCount: graph.nodes.count, offsets: graph.offsets, targets: graph.targets) {
      !blocked[Int(graph.setOf[$0])]
    }
  }

  /// - Parameter isThere: says of an edge whether it counts.
  init(nodeCount: Int, offsets: [Int32], targets: [Int32], isThere: (Int) -> Bool) {
    var tarjan = Tarjan(nodeCount)
    for root in 0..<nodeCount where tarjan.index[root] < 0 {
      tarjan.visit(Int32(root), offsets, targets, isThere)
    }
    let component = tarjan.component
    let count = tarjan.count
    var cyclic = [Bool](repeating: false, count: count)
    var sizes = [Int32](repeating: 0, count: count + 1)
    for own in component { sizes[Int(own) + 1] += 1 }
    for own in 0..<count where sizes[own + 1] > 1 { cyclic[own] = true }
    for own in 0..<count { sizes[own + 1] += sizes[own] }
    var members = [Int32](repeating: 0, count: nodeCount)
    var next = sizes
    for node in 0..<nodeCount {
      let own = Int(component[node])
      members[Int(next[own])] = Int32(node)
      next[own] += 1
    }
    var rows: [Int32] = [0]
    rows.reserveCapacity(count + 1)
    var heads: [Int32] = []
    var seen = [Int32](repeating: -1, count: count)
    for own in 0..<count {
      for slot in Int(sizes[own])..<Int(sizes[own + 1]) {
        let node = Int(members[slot])
        for edge in Int(offsets[node])..<Int(offsets[node + 1]) where isThere(edge) {
          let other = component[Int(targets[edge])]
          if Int(other) == own {
            if Int(targets[edge]) == node { cyclic[own] = true }
          } else if seen[Int(other)] != Int32(own) {
            seen[Int(other)] = Int32(own)
            heads.append(other)
          }
        }
      }
      rows.append(Int32(heads.count))
    }
    self.count = count
    componentOf = component
    isCyclic = cyclic
    self.offsets = rows
    successors = heads
  }

  private struct Tarjan {
    var index: [Int32]
    var low: [Int32]
    var component: [Int32]
    var cursor: [Int32]
    var stack: [Int32] = []
    var path: [Int32] = []
    var clock: Int32 = 0
    var count = 0

    init(_ nodeCount: Int) {
      index = [Int32](repeating: -1, count: nodeCount)
      low = index
      component = index
      cursor = index
    }

    mutating func visit(_ root: Int32, _ offsets: [Int32], _ targets: [Int32], _ isThere: (Int) -> Bool) {
      enter(root, offsets)
      while let node = path.last.map(Int.init) {
        var descended = false
        let end = offsets[node + 1]
        while cursor[node] < end {
          let edge = Int(cursor[node])
          cursor[node] += 1
          guard isThere(edge) else { continue }
          let target = Int(targets[edge])
          if index[target] < 0 {
            enter(Int32(target), offsets)
            descended = true
            break
          }
          // Still on the stack exactly while it has no component.
          if component[target] < 0 { low[node] = min(low[node], index[target]) }
        }
        if !descended { leave(node) }
      }
    }

    private mutating func enter(_ node: Int32, _ offsets: [Int32]) {
      index[Int(node)] = clock
      low[Int(node)] = clock
      clock += 1
      cursor[Int(node)] = offsets[Int(node)]
      stack.append(node)
      path.append(node)
    }

    private mutating func leave(_ node: Int) {
      path.removeLast()
      if let parent = path.last.map(Int.init) { low[parent] = min(low[parent], low[node]) }
      guard low[node] == index[node] else { return }
      while let member = stack.popLast() {
        component[Int(member)] = Int32(count)
        if Int(member) == node { break }
      }
      count += 1
    }
  }
}
