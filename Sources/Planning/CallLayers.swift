package import FleetModel

/// Orders workloads so that callers come before the servers they call.
///
/// Callers first, because a server may turn strict only when each legitimate client already has an identity, and
/// because a client's sidecar (retries, outlier detection) softens what happens to the servers behind it.
package struct CallLayers: Sendable {
  /// Strongly connected groups in topological order, callers first; members sorted.
  package let groups: [[ObjectReference]]
  /// Groups of equal distance from the users, callers first; members sorted. For drawings.
  package let columns: [[ObjectReference]]

  package init(fleet: Fleet) {
    let nodes = fleet.workloads.map(\.id)
    var successors: [ObjectReference: [ObjectReference]] = [:]
    for node in nodes {
      successors[node] = Array(Set(fleet.calls(from: node).flatMap(\.targets))).sorted()
    }
    let components = StronglyConnected.components(nodes: nodes, successors: successors)
    var componentOf: [ObjectReference: Int] = [:]
    for (index, members) in components.enumerated() {
      for member in members { componentOf[member] = index }
    }
    // The longest path from a root is a component's depth. Tarjan emits components after their successors, so the
    // reverse order visits every caller before its servers.
    var depth = [Int](repeating: 0, count: components.count)
    for index in components.indices.reversed() {
      for member in components[index] {
        for next in successors[member] ?? [] {
          guard let target = componentOf[next], target != index else { continue }
          depth[target] = max(depth[target], depth[index] + 1)
        }
      }
    }
    groups = components.indices
      .map { (depth: depth[$0], members: components[$0].sorted()) }
      .sorted { ($0.depth, $0.members[0]) < ($1.depth, $1.members[0]) }
      .map(\.members)
    let deepest = depth.max() ?? -1
    columns = (0..<(deepest + 1)).map { level in
      components.indices.filter { depth[$0] == level }.flatMap { components[$0] }.sorted()
    }
  }
}
