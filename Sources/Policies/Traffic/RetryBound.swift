import FleetModel

/// Bounds how often one request from outside can reach a service when everything fails: the product of the attempts
/// along a path of calls, at worst over all paths.
///
/// Services that call each other in a cycle get no retries: around a cycle the product would grow without a bound.
struct RetryBound {
  /// By node: the nodes it calls, sorted.
  private let calls: [[Int]]
  private let callers: [[Int]]
  /// By node: the number of its strongly connected group, callees first.
  private let group: [Int]
  private let isInCycle: [Bool]
  private let order: [Int]
  let limit: Int

  init(_ calls: [[Int]], limit: Int) {
    self.calls = calls
    self.limit = max(limit, 1)
    var callers = [[Int]](repeating: [], count: calls.count)
    for (from, targets) in calls.enumerated() { for to in targets { callers[to].append(from) } }
    self.callers = callers
    let groups = StrongGroups(calls)
    group = groups.groupOf
    isInCycle = calls.indices.map { groups.sizes[groups.groupOf[$0]] > 1 || calls[$0].contains($0) }
    order = calls.indices.sorted { (groups.groupOf[$0], $0) > (groups.groupOf[$1], $1) }
  }

  /// Attempts by node: first one retry for each node where the bound allows it, in order of need, then a second one.
  ///
  /// - Parameter wishes: more for a node that fails more often; equal ones go from the outside inwards.
  func attempts(wishes: [Double], canRetry: [Bool]) -> [Int] {
    var attempts = [Int](repeating: 1, count: calls.count)
    let depth = self.depth
    let wanted = calls.indices.filter { canRetry[$0] && !isInCycle[$0] }
      .sorted { (-wishes[$0], depth[$0], $0) < (-wishes[$1], depth[$1], $1) }
    // Each try costs a walk over the graph; beyond this only the outermost services get a retry.
    let tried = calls.count <= 2_000 ? wanted : wanted.filter { depth[$0] == 0 }
    for round in 2...3 {
      for node in tried.prefix(2_000) where attempts[node] == round - 1 {
        attempts[node] = round
        if worst(attempts) > limit { attempts[node] = round - 1 }
      }
    }
    return attempts
  }

  /// The longest way from the outside, in groups.
  private var depth: [Int] {
    var depth = [Int](repeating: 0, count: calls.count)
    for node in order {
      for to in calls[node] where group[to] != group[node] { depth[to] = max(depth[to], depth[node] + 1) }
    }
    return depth
  }

  /// At worst over all nodes.
  func worst(_ attempts: [Int]) -> Int { amplification(attempts).max() ?? 1 }

  /// By node: how often one request from outside can reach it. Groups are entered with their callers' worst; inside a
  /// group every node has one attempt.
  func amplification(_ attempts: [Int]) -> [Int] {
    var entering = [Int](repeating: 1, count: calls.count)
    var result = [Int](repeating: 1, count: calls.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, group[order[end]] == group[order[start]] { end += 1 }
      let members = order[start..<end]
      let worst = members.map { entering[$0] }.max() ?? 1
      for node in members {
        result[node] = min((members.count > 1 ? worst : entering[node]) * attempts[node], 1_000_000)
      }
      for node in members {
        for to in calls[node] where group[to] != group[node] { entering[to] = max(entering[to], result[node]) }
      }
      start = end
    }
    return result
  }
}

/// Strongly connected groups (Tarjan 1972, with its own stack), numbered so that a group calls only lower numbers.
struct StrongGroups {
  private(set) var groupOf: [Int]
  private(set) var sizes: [Int] = []

  init(_ edges: [[Int]]) {
    groupOf = [Int](repeating: -1, count: edges.count)
    var index = [Int](repeating: -1, count: edges.count)
    var low = index
    var stack: [Int] = []
    var next = 0
    for start in edges.indices where index[start] < 0 {
      var work: [(node: Int, edge: Int)] = [(start, 0)]
      while let top = work.last {
        let node = top.node
        if top.edge == 0 {
          index[node] = next
          low[node] = next
          next += 1
          stack.append(node)
        }
        if top.edge < edges[node].count {
          work[work.count - 1].edge += 1
          let target = edges[node][top.edge]
          if index[target] < 0 {
            work.append((target, 0))
          } else if groupOf[target] < 0 {
            low[node] = min(low[node], index[target])
          }
          continue
        }
        work.removeLast()
        if let parent = work.last?.node { low[parent] = min(low[parent], low[node]) }
        guard low[node] == index[node] else { continue }
        var size = 0
        while let member = stack.popLast() {
          groupOf[member] = sizes.count
          size += 1
          if member == node { break }
        }
        sizes.append(size)
      }
    }
  }
}
