/// One way from a source to something worth having, each step explained.
package struct AttackPath: Sendable, Equatable {
  package struct Step: Sendable, Equatable {
    package var kind: BreachReason.Kind
    /// Codes of the vectors used; empty for an ordinary call.
    package var code: String
    package var to: Int32
    package var message: String
  }
  package var from: Int32
  package var steps: [Step]
  /// The product of the steps' probabilities.
  package var probability: Double
  package var to: Int32 { steps.last?.to ?? from }
}

extension BreachGraph {
  /// Crown jewels where there are any; otherwise what gives an attacker everything: machines and the control plane.
  package var goals: [Int32] {
    let jewels = all(.jewel)
    return jewels.isEmpty ? all(.controlPlane) + all(.node) : jewels
  }

  package func all(_ kind: BreachNode.Kind) -> [Int32] {
    nodes.indices.filter { nodes[$0].kind == kind }.map(Int32.init)
  }

  /// What the outside reaches first.
  package var entries: [Int32] {
    guard let outside else { return [] }
    var seen: Set<Int32> = []
    return edges(from: outside).map { targets[$0] }.filter { seen.insert($0).inserted }
  }

  /// The most probable way from each source to each goal and, in graphs that are not large, the ways left once its
  /// mitigations are applied (at most `limit` in all): the most probable first, then the shortest, then by name.
  ///
  /// - Parameters:
  ///   - sources: taken as fallen. Empty means the outside, with a way of its own through every entry.
  ///   - goals: empty means `goals`.
  package func attackPaths(
    from sources: [Int32] = [], to wanted: [Int32] = [], limit: Int = 20, applying applied: Set<Mitigation> = []
  ) -> [AttackPath] {
    let blocked = blockedSets(applying: applied)
    let targets = wanted.isEmpty ? goals : wanted
    // Each start costs a search: fewer in a large fleet.
    let most = max(8, min(64, 4_000_000 / max(1, edgeCount)))
    var starts: [(source: Int32, first: Int?)] = sources.map { ($0, nil) }
    if sources.isEmpty, let outside {
      // The likeliest entries.
      starts = edges(from: outside).filter { !blocked[Int(setOf[$0])] }
        .sorted { (-probabilities[$0], $0) < (-probabilities[$1], $1) }.prefix(most).map { (outside, $0) }
    }
    var found: [AttackPath] = []
    let seeksMore = edgeCount * starts.count * targets.count <= 5_000_000
    for start in starts.prefix(most) {
      let from = start.first.map { self.targets[$0] } ?? start.source
      let ways = BestWays(self, from: [from], blocked: blocked)
      for target in targets where target != from {
        guard let best = ways.way(to: target)?.edges else { continue }
        for way in [best] + (seeksMore ? alternatives(to: target, from: from, besides: best, applied) : []) {
          let path = path(from: start.source, edges: (start.first.map { [$0] } ?? []) + way)
          if !found.contains(path) { found.append(path) }
        }
      }
      if found.count > 4 * limit { found = Array(found.sorted(by: isBefore).prefix(limit)) }
    }
    return Array(found.sorted(by: isBefore).prefix(limit))
  }

  /// Ways that are left when everything that removes the ones before is done, at most four.
  private func alternatives(
    to target: Int32, from source: Int32, besides best: [Int], _ applied: Set<Mitigation>
  ) -> [[Int]] {
    var found: [[Int]] = []
    var done = applied
    var last = best
    while found.count < 4 {
      let closing = last.flatMap { mitigations(ofEdge: $0) }
      guard !closing.isEmpty else { break }
      done.formUnion(closing)
      let ways = BestWays(self, from: [source], blocked: blockedSets(applying: done))
      guard let way = ways.way(to: target)?.edges else { break }
      found.append(way)
      last = way
    }
    return found
  }

  private func isBefore(_ left: AttackPath, _ right: AttackPath) -> Bool {
    if left.probability != right.probability { return left.probability > right.probability }
    if left.steps.count != right.steps.count { return left.steps.count < right.steps.count }
    let keys = [left, right].map { path in ([path.from, path.to] + path.steps.map(\.to)).map { nodes[Int($0)].label } }
    return keys[0].lexicographicallyPrecedes(keys[1])
  }

  /// Hubs are passed over: what is said on the way into and out of one becomes one step.
  func path(from source: Int32, edges: [Int]) -> AttackPath {
    var steps: [AttackPath.Step] = []
    var pending: [BreachReason] = []
    var probability = 1.0
    for edge in edges {
      pending.append(reason(ofEdge: edge))
      probability *= probabilities[edge]
      let target = targets[edge]
      guard nodes[Int(target)].kind != .hub else { continue }
      var messages: [String] = []
      for reason in pending where !reason.message.isEmpty && !messages.contains(reason.message) {
        messages.append(reason.message)
      }
      steps.append(
        AttackPath.Step(
          kind: pending[0].kind, code: pending.first { !$0.code.isEmpty }?.code ?? "", to: target,
          message: messages.joined(separator: "; ")))
      pending = []
    }
    return AttackPath(from: source, steps: steps, probability: probability)
  }
}
