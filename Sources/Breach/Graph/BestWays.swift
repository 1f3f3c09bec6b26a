/// The most probable way from some nodes to every other: a way's probability is the product of its edges' (Dijkstra on
/// products; ties go to fewer edges, then to the smaller node, so that the answer is the same every time).
struct BestWays {
  /// 0 where there is no way.
  private(set) var probability: [Double]
  private var previousEdge: [Int32]
  private var previousNode: [Int32]
  private var length: [Int32]

  init(_ graph: BreachGraph, from sources: [Int32], blocked: [Bool]) {
    let count = graph.nodes.count
    probability = [Double](repeating: 0, count: count)
    previousEdge = [Int32](repeating: -1, count: count)
    previousNode = previousEdge
    length = [Int32](repeating: .max, count: count)
    var done = [Bool](repeating: false, count: count)
    var heap = Heap()
    for source in sources {
      probability[Int(source)] = 1
      length[Int(source)] = 0
      heap.insert(.init(probability: 1, length: 0, node: source))
    }
    while let top = heap.removeFirst() {
      let node = Int(top.node)
      if done[node] { continue }
      done[node] = true
      for edge in graph.edges(from: top.node) where !blocked[Int(graph.setOf[edge])] {
        let target = Int(graph.targets[edge])
        let reached = top.probability * graph.probabilities[edge]
        let steps = top.length + 1
        guard !done[target], reached > 0,
          reached > probability[target] || (reached == probability[target] && steps < length[target])
        else { continue }
        probability[target] = reached
        length[target] = steps
        previousEdge[target] = Int32(edge)
        previousNode[target] = top.node
        heap.insert(.init(probability: reached, length: steps, node: Int32(target)))
      }
    }
  }

  /// The edges of the best way to a node, in order, and the node it begins at; nil where there is no way.
  func way(to node: Int32) -> (start: Int32, edges: [Int])? {
    guard probability[Int(node)] > 0 else { return nil }
    var edges: [Int] = []
    var at = node
    while previousEdge[Int(at)] >= 0 {
      edges.append(Int(previousEdge[Int(at)]))
      at = previousNode[Int(at)]
    }
    return (at, edges.reversed())
  }

  /// A binary heap with the most probable entry first.
  private struct Heap {
    struct Entry {
      var probability: Double
      var length: Int32
      var node: Int32

      func isBefore(_ other: Entry) -> Bool {
        if probability != other.probability { return probability > other.probability }
        return length != other.length ? length < other.length : node < other.node
      }
    }
    private var entries: [Entry] = []

    mutating func insert(_ entry: Entry) {
      entries.append(entry)
      var at = entries.count - 1
      while at > 0, entries[at].isBefore(entries[(at - 1) / 2]) {
        entries.swapAt(at, (at - 1) / 2)
        at = (at - 1) / 2
      }
    }

    mutating func removeFirst() -> Entry? {
      guard let first = entries.first else { return nil }
      let last = entries.removeLast()
      guard !entries.isEmpty else { return first }
      entries[0] = last
      var at = 0
      while 2 * at + 1 < entries.count {
        var child = 2 * at + 1
        if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
        guard entries[child].isBefore(entries[at]) else { break }
        entries.swapAt(at, child)
        at = child
      }
      return first
    }
  }
}
