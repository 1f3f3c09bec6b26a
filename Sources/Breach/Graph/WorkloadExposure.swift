package import FleetModel
package import IntentModel

/// What each workload contributes to a fleet's exposure, and by how much it falls as workloads are secured: what waves
/// are weighed with.
///
/// Every figure comes from the definition in `Exposure`, so shares and totals never rise when a posture gets tighter,
/// and the same fleet gives the same numbers. One evaluation costs about one pass over the graph's edges: well under a
/// millisecond for a hundred workloads.
package struct WorkloadExposure: Sendable {
  package let graph: BreachGraph

  /// Everything a rollout does to one workload.
  package static let secured = Posture(hardened: true, mutualTLS: .strict, authorisation: .enforced, isolated: true)

  package init(_ graph: BreachGraph) { self.graph = graph }

  /// - Throws: as `BreachGraphBuilder.build`: a jewel that was named is not in the input.
  package init(_ fleet: Fleet, options: BreachGraphBuilder.Options = BreachGraphBuilder.Options()) throws {
    graph = try BreachGraphBuilder(AuditContext(fleet), options: options).build()
  }

  /// Exposure of each workload while some are in other postures than the manifests' own. Its sum is `total`.
  package func shares(_ postures: [ObjectReference: Posture] = [:]) -> [ObjectReference: Double] {
    var shares: [ObjectReference: Double] = [:]
    for share in exposure(postures).shares { shares[share.workload, default: 0] += share.exposure }
    return shares
  }

  /// The same with some workloads secured and the others as they are.
  package func shares(secured: Set<ObjectReference>) -> [ObjectReference: Double] {
    var postures: [ObjectReference: Posture] = [:]
    for id in secured { postures[id] = Self.secured }
    return shares(postures)
  }

  package func total(_ postures: [ObjectReference: Posture] = [:]) -> Double { exposure(postures).total }

  /// By how much the total falls if one workload alone goes into a posture; at least 0 where it gets tighter.
  package func drop(
    of workload: ObjectReference, to posture: Posture = secured, from postures: [ObjectReference: Posture] = [:]
  ) -> Double {
    var after = postures
    after[workload] = posture
    return total(postures) - total(after)
  }

  /// The exposure before the first stage and after each: stage `n` holds the postures as they are then.
  package func curve(_ stages: [[ObjectReference: Posture]]) -> [Double] { [total()] + stages.map { total($0) } }

  /// How the fall of the total, when all workloads go from one posture to another, is shared out between them: weights
  /// for a schedule. None is negative and they add up to `total(all in start) − total(all in end)`.
  ///
  /// A workload's weight is the mean of what it takes away when it goes first and when it goes last, made to add up.
  /// That asks for two evaluations a workload; where they would take more than about a second it is the fall of the
  /// workload's own share, which adds up by itself.
  package func weights(from start: Posture = .untouched, to end: Posture = secured) -> [ObjectReference: Double] {
    let ids = graph.workloads.map { graph.nodes[Int($0)].id }
    let (before, after) = (positions(ids, start), positions(ids, end))
    let (first, last) = (exposure(before.values.joined()), exposure(after.values.joined()))
    let fall = max(0, first.total - last.total)
    var weights: [ObjectReference: Double] = [:]
    guard ids.count * max(1, graph.edgeCount) <= Self.affordableEdges else {
      for (old, new) in zip(first.shares, last.shares) {
        weights[old.workload, default: 0] += max(0, old.exposure - new.exposure)
      }
      return weights
    }
    for id in ids where weights[id] == nil {
      var (alone, without) = (before, after)
      alone[id] = after[id]
      without[id] = before[id]
      let firstOff = first.total - exposure(alone.values.joined()).total
      let lastOff = exposure(without.values.joined()).total - last.total
      weights[id] = max(0, firstOff) / 2 + max(0, lastOff) / 2
    }
    return Self.scaled(weights, ids, to: fall)
  }

  /// Workloads × edges of the graph up to which `weights` asks for single workloads: about a second.
  private static let affordableEdges = 20_000_000

  private static func scaled(
    _ weights: [ObjectReference: Double], _ ids: [ObjectReference], to fall: Double
  ) -> [ObjectReference: Double] {
    // In the fleet's order, so that rounding is the same every time.
    var sum = 0.0
    var seen: Set<ObjectReference> = []
    for id in ids where seen.insert(id).inserted { sum += weights[id] ?? 0 }
    guard sum > 0 else {
      // Only together do they take anything away.
      return weights.mapValues { _ in fall / Double(max(1, weights.count)) }
    }
    return weights.mapValues { $0 * (fall / sum) }
  }

  /// By workload: where in the graph's list the mitigations are that a posture stands for.
  private func positions(_ ids: [ObjectReference], _ posture: Posture) -> [ObjectReference: [Int]] {
    guard posture != .untouched else { return [:] }
    return Dictionary(
      ids.map { id in (id, Self.mitigations([id: posture]).compactMap { graph.position(of: $0) }) }
    ) { first, _ in first }
  }

  private func exposure(_ positions: some Sequence<Int>) -> Exposure {
    var isOn = [Bool](repeating: false, count: graph.mitigations.count)
    for position in positions { isOn[position] = true }
    return graph.exposure(blocked: graph.blockedSets(isOn))
  }

  private func exposure(_ postures: [ObjectReference: Posture]) -> Exposure {
    graph.exposure(applying: Self.mitigations(postures))
  }

  /// The mitigations that postures stand for. A caller's identity counts only once plaintext is refused and the rules
  /// are enforced.
  package static func mitigations(_ postures: [ObjectReference: Posture]) -> Set<Mitigation> {
    var applied: Set<Mitigation> = []
    for (id, posture) in postures {
      if posture.hardened { applied.insert(Mitigation(.harden, id)) }
      if posture.mutualTLS == .strict, posture.authorisation == .enforced {
        applied.insert(Mitigation(.authorise, id))
      }
      if posture.isolated { applied.insert(Mitigation(.isolate, id)) }
    }
    return applied
  }
}
