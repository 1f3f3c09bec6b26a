import FleetModel

/// A graph in the making: nodes and edges in any order; `graph()` sorts them into rows.
package struct BreachGraphDraft: Sendable {
  private struct Edge {
    var from: Int32
    var to: Int32
    var reason: Int32
    var set: Int32
    var probability: Double
  }
  private var nodes: [BreachNode] = []
  private var edges: [Edge] = []
  private var reasons: [BreachReason] = []
  private var reasonIndex: [BreachReason: Int32] = [:]
  private var mitigations: [Mitigation] = []
  private var mitigationIndex: [Mitigation: Int32] = [:]
  private var sets: [[Int32]] = [[]]
  private var setIndex: [[Int32]: Int32] = [[]: 0]
  package var workloads: [Int32] = []
  package var outside: Int32?

  package init() {}

  package var nodeCount: Int { nodes.count }
  package func node(_ id: Int32) -> BreachNode { nodes[Int(id)] }

  package mutating func add(_ node: BreachNode) -> Int32 {
    nodes.append(node)
    return Int32(nodes.count - 1)
  }

  package mutating func update(_ id: Int32, _ change: (inout BreachNode) -> Void) { change(&nodes[Int(id)]) }

  /// A reason that many edges share: add it once, then name it.
  package mutating func reason(_ reason: BreachReason) -> Int32 {
    if let known = reasonIndex[reason] { return known }
    reasons.append(reason)
    let id = Int32(reasons.count - 1)
    reasonIndex[reason] = id
    return id
  }

  /// - Parameters:
  ///   - probability: that an attacker who holds `from` gets `to`, 0…1.
  ///   - removedBy: each of these alone removes the edge.
  package mutating func connect(
    _ from: Int32, _ to: Int32, _ reason: BreachReason, probability: Double = 1, removedBy: [Mitigation] = []
  ) {
    connect(from, to, reason: self.reason(reason), probability: probability, removedBy: removedBy)
  }

  package mutating func connect(
    _ from: Int32, _ to: Int32, reason: Int32, probability: Double = 1, removedBy: [Mitigation] = []
  ) {
    let clamped = probability.isFinite ? min(max(probability, 0), 1) : 0
    edges.append(
      Edge(from: from, to: to, reason: reason, set: removedBy.isEmpty ? 0 : set(removedBy), probability: clamped))
  }

  /// - Parameter set: of mitigations, as `addSet` numbered it; 0 is empty.
  mutating func connect(_ from: Int32, _ to: Int32, reason: Int32, probability: Double = 1, set: Int32) {
    let clamped = probability.isFinite ? min(max(probability, 0), 1) : 0
    edges.append(Edge(from: from, to: to, reason: reason, set: set, probability: clamped))
  }

  /// A mitigation that has not been named before; whoever adds it keeps its number.
  mutating func add(_ mitigation: Mitigation) -> Int32 {
    mitigations.append(mitigation)
    return Int32(mitigations.count - 1)
  }

  mutating func addSet(_ ids: [Int32]) -> Int32 {
    sets.append(ids)
    return Int32(sets.count - 1)
  }

  private mutating func set(_ members: [Mitigation]) -> Int32 {
    var ids: [Int32] = []
    for member in members {
      let id = mitigationIndex[member] ?? Int32(mitigations.count)
      if id == mitigations.count {
        mitigations.append(member)
        mitigationIndex[member] = id
      }
      if !ids.contains(id) { ids.append(id) }
    }
    ids.sort()
    if let known = setIndex[ids] { return known }
    sets.append(ids)
    setIndex[ids] = Int32(sets.count - 1)
    return Int32(sets.count - 1)
  }

  /// The finished graph. Edges of a node keep the order in which they were added.
  package consuming func graph() -> BreachGraph {
    let order = mitigations.indices.sorted { mitigations[$0] < mitigations[$1] }
    var rank = [Int32](repeating: 0, count: order.count)
    for (position, index) in order.enumerated() { rank[index] = Int32(position) }
    var offsets = [Int32](repeating: 0, count: nodes.count + 1)
    for edge in edges { offsets[Int(edge.from) + 1] += 1 }
    for node in nodes.indices { offsets[node + 1] += offsets[node] }
    var next = offsets
    var slots = [Int32](repeating: 0, count: edges.count)
    for (index, edge) in edges.enumerated() {
      slots[Int(next[Int(edge.from)])] = Int32(index)
      next[Int(edge.from)] += 1
    }
    return BreachGraph(
      nodes: nodes, mitigations: order.map { mitigations[$0] }, workloads: workloads, outside: outside,
      reasons: reasons, offsets: offsets, targets: slots.map { edges[Int($0)].to },
      reasonOf: slots.map { edges[Int($0)].reason }, probabilities: slots.map { edges[Int($0)].probability },
      setOf: slots.map { edges[Int($0)].set }, mitigationSets: sets.map { $0.map { rank[Int($0)] }.sorted() })
  }
}
