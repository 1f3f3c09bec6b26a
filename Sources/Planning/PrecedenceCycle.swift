extension WaveProblem {
  /// A shortest circle of precedence, in its order, beginning with its first job; nil where there is none. In circles
  /// of thousands of jobs only the first starts are tried, so that it may be longer than the shortest.
  package func shortestCycle() -> [Int]? {
    if let own = precedence.first(where: { $0.before == $0.after }) { return [own.before] }
    var successors: [Int: [Int]] = [:]
    for pair in precedence { successors[pair.before, default: []].append(pair.after) }
    let groups = StronglyConnected.components(nodes: Array(jobs.indices), successors: successors)
      .filter { $0.count > 1 }.map { $0.sorted() }.sorted { $0[0] < $1[0] }
    var best: [Int]?
    var work = 5_000_000
    for group in groups {
      let inside = Set(group)
      for start in group where work > 0 || best == nil {
        if let found = cycle(through: start, successors, inside, shorterThan: best?.count ?? .max, &work) { best = found }
        if best?.count == 2 { return best }
      }
    }
    return best
  }

  /// Breadth first from `start` back to it.
  private func cycle(
    through start: Int, _ successors: [Int: [Int]], _ inside: Set<Int>, shorterThan limit: Int, _ work: inout Int
  ) -> [Int]? {
    var parent: [Int: Int] = [start: start]
    var layer = [start]
    var length = 1
    while !layer.isEmpty, length < limit {
      var next: [Int] = []
      for node in layer {
        for target in successors[node] ?? [] where inside.contains(target) {
          work -= 1
          if target == start { return path(to: node, parent) }
          guard parent[target] == nil else { continue }
          parent[target] = node
          next.append(target)
        }
      }
      layer = next
      length += 1
    }
    return nil
  }

  private func path(to end: Int, _ parent: [Int: Int]) -> [Int] {
    var result = [end]
    while let last = result.last, let earlier = parent[last], earlier != last { result.append(earlier) }
    return result.reversed()
  }
}
