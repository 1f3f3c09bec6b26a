package import FleetModel
package import IntentModel

/// Chooses a wave's trials from the calls that touch it, smallest disruption first.
///
/// Every wave has its kill, its delay and its partition where something fits. Of the trials of resources (spike, CPU
/// limit, memory limit) it has at most one, because each costs seconds: the kind that earlier waves of the plan have
/// tried least, so that a plan as a whole tries all, and nothing that an earlier wave has tried already.
package struct TrialPlanner: Sendable {
  package let fleet: Fleet
  /// Whether the target has anything for a fault: what it could not put in takes nobody's place.
  private let isPossible: @Sendable (Fault) -> Bool
  private let entries: Set<ObjectReference>
  /// What users' requests reach: the entries and all that lies behind them.
  private let used: Set<ObjectReference>

  package init(fleet: Fleet, isPossible: @escaping @Sendable (Fault) -> Bool = { _ in true }) {
    self.fleet = fleet
    self.isPossible = isPossible
    let derivation = IntentDerivation(fleet: fleet)
    let players = derivation.players
    // Users come in where a workload plays them, else at what serves the outside.
    let called = players.flatMap { fleet.calls(from: $0.id).flatMap(\.targets) }
    entries = Set(players.isEmpty ? derivation.entries.map(\.id) : called)
    var (seen, open) = (entries, Array(entries))
    while let next = open.popLast() {
      for target in fleet.calls(from: next).flatMap(\.targets) where seen.insert(target).inserted {
        open.append(target)
      }
    }
    used = seen
  }

  /// - Parameters:
  ///   - workloads: those the wave changes.
  ///   - postures: of every workload once the wave is in force; absent means untouched.
  ///   - players: workloads that play users and must not be disturbed themselves.
  ///   - tried: the trials of the plan's earlier waves.
  package func trials(
    for workloads: [ObjectReference], postures: [ObjectReference: Posture], players: Set<ObjectReference>,
    tried: [Trial] = []
  ) -> [Trial] {
    let wave = TriedWave(fleet: fleet, workloads: workloads, postures: postures, players: players)
    let kill = wave.busiest.map(Trial.podKill)
    let always = [kill, wave.delay, wave.partition].compactMap(\.self)
    let resources = [wave.spike(at: entries), wave.cpuLimit(of: used), wave.memoryLimit(sparing: wave.busiest)]
    let new = resources.compactMap(\.self).filter { trial in !tried.contains { $0.fault == trial.fault } }
    let possible = new.filter { isPossible($0.fault) }
    let resource = leastTried(possible.isEmpty ? new : possible, tried)
    return (always + resource).sorted { $0.fault.kind.rank < $1.fault.kind.rank }
  }

  /// Of all waves of a plan.
  package func trials(
    ofWaves waves: [(workloads: [ObjectReference], postures: [ObjectReference: Posture])],
    players: Set<ObjectReference>
  ) -> [[Trial]] {
    waves.reduce(into: []) { result, wave in
      result.append(
        trials(for: wave.workloads, postures: wave.postures, players: players, tried: result.flatMap(\.self)))
    }
  }

  /// Of several that were tried equally often, the first, which is the smallest disruption.
  private func leastTried(_ candidates: [Trial], _ tried: [Trial]) -> [Trial] {
    func times(_ trial: Trial) -> Int { tried.count { $0.fault.kind == trial.fault.kind } }
    return candidates.min { times($0) < times($1) }.map { [$0] } ?? []
  }
}

extension Fault.Kind {
  fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
