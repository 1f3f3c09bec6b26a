/// Maximum flow and minimum cut (Dinic 1970), without recursion. Capacities are whole numbers.
struct MaximumFlow {
  static let unlimited = Int.max / 4

  private var heads: [Int32] = []
  private var capacities: [Int] = []
  private var next: [Int32] = []
  private var first: [Int32]

  init(nodeCount: Int) { first = [Int32](repeating: -1, count: nodeCount) }

  mutating func addNode() -> Int32 {
    first.append(-1)
    return Int32(first.count - 1)
  }

  /// Edge `2k` is the `k`th added and `2k + 1` its way back.
  mutating func connect(_ from: Int32, _ to: Int32, _ capacity: Int) {
    add(from, to, capacity)
    add(to, from, 0)
  }

  private mutating func add(_ from: Int32, _ to: Int32, _ capacity: Int) {
    heads.append(to)
    capacities.append(capacity)
    next.append(first[Int(from)])
    first[Int(from)] = Int32(heads.count - 1)
  }

  /// The flow's value, or nil where it is unlimited.
  mutating func run(from source: Int32, to sink: Int32) -> Int? {
    var value = 0
    while let level = levels(from: source, to: sink) {
      var cursor = first
      while true {
        let pushed = augment(source, sink, level, &cursor)
        if pushed == 0 { break }
        value += pushed
        if value >= Self.unlimited { return nil }
      }
    }
    return value
  }

  /// After `run`: the nodes on the source's side of a minimum cut (the one nearest the source).
  func sourceSide(of source: Int32) -> [Bool] { reached(from: source).map { $0 >= 0 } }

  private func levels(from source: Int32, to sink: Int32) -> [Int32]? {
    let level = reached(from: source)
    return level[Int(sink)] >= 0 ? level : nil
  }

  private func reached(from source: Int32) -> [Int32] {
    var level = [Int32](repeating: -1, count: first.count)
    level[Int(source)] = 0
    var queue = [source]
    var at = 0
    while at < queue.count {
      let node = queue[at]
      at += 1
      var edge = first[Int(node)]
      while edge >= 0 {
        let head = heads[Int(edge)]
        if capacities[Int(edge)] > 0, level[Int(head)] < 0 {
          level[Int(head)] = level[Int(node)] + 1
          queue.append(head)
        }
        edge = next[Int(edge)]
      }
    }
    return level
  }

  /// Pushes along one shortest way and gives what went through; 0 when the level graph is blocked.
  private mutating func augment(_ source: Int32, _ sink: Int32, _ level: [Int32], _ cursor: inout [Int32]) -> Int {
    var way: [Int] = []
    var node = source
    while node != sink {
      var advanced = false
      while cursor[Int(node)] >= 0 {
        let edge = Int(cursor[Int(node)])
        if capacities[edge] > 0, level[Int(heads[edge])] == level[Int(node)] + 1 {
          way.append(edge)
          node = heads[edge]
          advanced = true
          break
        }
        cursor[Int(node)] = next[edge]
      }
      if advanced { continue }
      guard let back = way.popLast() else { return 0 }
      node = heads[back ^ 1]
      cursor[Int(node)] = next[back]
    }
    let pushed = way.map { capacities[$0] }.min() ?? 0
    for edge in way {
      capacities[edge] -= pushed
      capacities[edge ^ 1] += pushed
    }
    return pushed
  }
}
