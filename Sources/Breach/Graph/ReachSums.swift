/// For every node of a directed acyclic graph, how much lies within its reach (itself included): exact, all at once.
///
/// Two ideas make it fast. (1) A pivot splits the problem: whatever reaches the pivot also reaches all that the pivot
/// reaches, so that those rows need not look at those columns again; with one giant component, as breach graphs have,
/// little is left. (2) What is left is summed by bit rows, 512 columns at a time (`ReachBlocks`), in memory that does
/// not grow with the square. Nodes are numbered so that every edge leads to a smaller number.
struct ReachSums {
  /// Two weights that are summed side by side: pods, and value.
  struct Weight: Sendable, Equatable {
    var pods: Int
    var value: Double

    static let zero = Weight(pods: 0, value: 0)
    static func += (left: inout Weight, right: Weight) {
      left.pods += right.pods
      left.value += right.value
    }
  }

  private let offsets: [Int32]
  private let successors: [Int32]
  private let weights: [Weight]
  private(set) var sums: [Weight]
  /// Splits that were worth it; for tests and for the bench.
  private(set) var pivots = 0

  static func of(offsets: [Int32], successors: [Int32], weights: [Weight], wanted: [Bool]? = nil) -> ReachSums {
    var all = ReachSums(offsets: offsets, successors: successors, weights: weights)
    var rows: [Int32] = []
    for node in weights.indices where wanted?[node] ?? true { rows.append(Int32(node)) }
    all.solve(Array(0..<Int32(weights.count)), rows: rows, depth: 0)
    return all
  }

  private init(offsets: [Int32], successors: [Int32], weights: [Weight]) {
    self.offsets = offsets
    self.successors = successors
    self.weights = weights
    sums = [Weight](repeating: .zero, count: weights.count)
  }

  /// Adds to the sums of `rows` what they reach inside `nodes`, which must hold everything that counts for them.
  private mutating func solve(_ nodes: [Int32], rows: [Int32], depth: Int) {
    guard !rows.isEmpty else { return }
    let part = Part(nodes, rows: rows, offsets: offsets, successors: successors, total: weights.count)
    guard depth < 12, part.nodes.count > 512, let split = part.split() else {
      ReachBlocks(part, weights: part.nodes.map { weights[Int($0)] }).add(to: &sums)
      return
    }
    pivots += 1
    var below = Weight.zero
    var upper: [Int32] = []
    var lower: [Int32] = []
    var upperRows: [Int32] = []
    var lowerRows: [Int32] = []
    for (local, node) in part.nodes.enumerated() {
      if split.isBelow[local] { below += weights[Int(node)] } else { upper.append(node) }
      if !split.isAbove[local] { lower.append(node) }
      guard part.isRow[local] else { continue }
      if split.isAbove[local] { upperRows.append(node) } else { lowerRows.append(node) }
    }
    for row in upperRows { sums[Int(row)] += below }
    solve(upper, rows: upperRows, depth: depth + 1)
    solve(lower, rows: lowerRows, depth: depth + 1)
  }

  /// A part of the graph with numbers of its own: what the rows reach inside the given nodes.
  struct Part {
    /// Global numbers, ascending.
    var nodes: [Int32] = []
    var isRow: [Bool] = []
    var offsets: [Int32] = [0]
    var successors: [Int32] = []

    init(_ all: [Int32], rows: [Int32], offsets global: [Int32], successors heads: [Int32], total: Int) {
      // 0 outside the part, 1 inside, 2 reached from a row, 3 a row.
      var state = [UInt8](repeating: 0, count: total)
      for node in all { state[Int(node)] = 1 }
      for row in rows { state[Int(row)] = 3 }
      var reached = 0
      for node in all.reversed() where state[Int(node)] >= 2 {
        reached += 1
        for slot in Int(global[Int(node)])..<Int(global[Int(node) + 1]) {
          let head = Int(heads[slot])
          if state[head] == 1 { state[head] = 2 }
        }
      }
      var local = [Int32](repeating: -1, count: total)
      nodes.reserveCapacity(reached)
      isRow.reserveCapacity(reached)
      self.offsets.reserveCapacity(reached + 1)
      for node in all where state[Int(node)] >= 2 {
        local[Int(node)] = Int32(nodes.count)
        nodes.append(node)
        isRow.append(state[Int(node)] == 3)
        for slot in Int(global[Int(node)])..<Int(global[Int(node) + 1]) where local[Int(heads[slot])] >= 0 {
          successors.append(local[Int(heads[slot])])
        }
        self.offsets.append(Int32(successors.count))
      }
    }
  }
}

extension ReachSums.Part {
  struct Split {
    /// Reached from the pivot; reaching it. The pivot is in both.
    var isBelow: [Bool]
    var isAbove: [Bool]
  }

  /// The best of a few candidates, if what it saves (rows above × columns below) is worth a pass over the edges.
  func split() -> Split? {
    var best: Split?
    var saved = 8 * (successors.count + nodes.count)
    for pivot in candidates() {
      let below = descendants(of: pivot)
      let above = ancestors(of: pivot)
      let rows = zip(above, isRow).count { $0 && $1 }
      // A word holds 64 columns and is read about once for each edge of its row.
      let gain = rows * below.count { $0 } / 64 * max(1, successors.count / nodes.count)
      if gain > saved {
        saved = gain
        best = Split(isBelow: below, isAbove: above)
      }
    }
    return best
  }

  /// The nodes through which most paths go, and the one with most edges in × out.
  private func candidates() -> [Int] {
    let count = nodes.count
    var down = [Double](repeating: 1, count: count)
    var up = [Double](repeating: 1, count: count)
    var into = [Int](repeating: 0, count: count)
    let limit = Double(count)
    for node in 0..<count {
      for slot in Int(offsets[node])..<Int(offsets[node + 1]) {
        down[node] += down[Int(successors[slot])]
        into[Int(successors[slot])] += 1
      }
      down[node] = min(down[node], limit)
    }
    for node in (0..<count).reversed() {
      up[node] = min(up[node], limit)
      for slot in Int(offsets[node])..<Int(offsets[node + 1]) { up[Int(successors[slot])] += up[node] }
    }
    var (byPaths, byDegree) = (0, 0)
    var (mostPaths, mostDegree) = (-1.0, -1)
    for node in 0..<count {
      let degree = into[node] * Int(offsets[node + 1] - offsets[node])
      if degree > mostDegree { (mostDegree, byDegree) = (degree, node) }
      if up[node] * down[node] > mostPaths { (mostPaths, byPaths) = (up[node] * down[node], node) }
    }
    return byPaths == byDegree ? [byPaths] : [byPaths, byDegree]
  }

  private func descendants(of pivot: Int) -> [Bool] {
    var marks = [Bool](repeating: false, count: nodes.count)
    marks[pivot] = true
    for node in (0...pivot).reversed() where marks[node] {
      for slot in Int(offsets[node])..<Int(offsets[node + 1]) { marks[Int(successors[slot])] = true }
    }
    return marks
  }

  private func ancestors(of pivot: Int) -> [Bool] {
    var marks = [Bool](repeating: false, count: nodes.count)
    marks[pivot] = true
    for node in pivot..<nodes.count where !marks[node] {
      for slot in Int(offsets[node])..<Int(offsets[node + 1]) where marks[Int(successors[slot])] {
        marks[node] = true
        break
      }
    }
    return marks
  }
}
