package import FleetModel
package import IntentModel

/// Chooses a wave's trials from the calls that touch it, smallest disruption first: kill, delay, partition.
package struct TrialPlanner: Sendable {
  package let fleet: Fleet

  package init(fleet: Fleet) { self.fleet = fleet }

  /// - Parameters:
  ///   - workloads: those the wave changes.
  ///   - postures: of every workload once the wave is in force; absent means untouched.
  ///   - players: workloads that play users and must not be disturbed themselves.
  package func trials(
    for workloads: [ObjectReference], postures: [ObjectReference: Posture], players: Set<ObjectReference>
  ) -> [Trial] {
    let touched = Set(workloads)
    var result: [Trial] = []
    let killable = workloads.filter { !players.contains($0) && !fleet.calls(to: $0).isEmpty || isEntry($0) }
      .filter { !players.contains($0) }
    if let victim = killable.max(by: { (fleet.calls(to: $0).count, $1) < (fleet.calls(to: $1).count, $0) }) {
      result.append(.podKill(victim))
    }
    let calls = fleet.calls.filter { call in
      guard let target = call.target else { return false }
      return target != call.caller && !touched.isDisjoint(with: call.targets + [call.caller])
    }
    // The delay acts in the server's sidecar; a cut is softened by the caller's, which retries and ejects.
    // Of several workloads that answer, the one that the wave changes has the users.
    func aim(_ call: Call) -> ObjectReference? { call.targets.first(where: touched.contains) ?? call.target }
    if let call = first(calls, where: { $0.wireProtocol == .http && enrolled(aim($0), postures) }),
      let target = aim(call)
    {
      result.append(.delay(caller: call.caller, target: target))
    }
    if let call = first(calls, where: { $0.wireProtocol == .http && enrolled($0.caller, postures) }),
      let target = aim(call)
    {
      result.append(.partition(caller: call.caller, target: target))
    }
    return result
  }

  private func isEntry(_ id: ObjectReference) -> Bool {
    guard let workload = fleet.workload(id) else { return false }
    return fleet.calls(to: id).isEmpty && !fleet.services(of: workload).isEmpty
  }

  private func enrolled(_ id: ObjectReference?, _ postures: [ObjectReference: Posture]) -> Bool {
    id.flatMap { postures[$0] }?.enrolled ?? false
  }

  /// The call deepest in the graph that fits: the more callers stand above it, the more a fault there can show.
  private func first(_ calls: [Call], where fits: (Call) -> Bool) -> Call? {
    let fitting = calls.filter(fits)
    // A fault at one of several workloads that answer shows in some of the calls only.
    let certain = fitting.filter(\.others.isEmpty)
    return (certain.isEmpty ? fitting : certain).max { left, right in
      let (leftDepth, rightDepth) = (depth(left.caller), depth(right.caller))
      return leftDepth != rightDepth
        ? leftDepth < rightDepth : (left.caller, left.host, left.port) > (right.caller, right.host, right.port)
    }
  }

  private func depth(_ id: ObjectReference, limit: Int = 16) -> Int {
    guard limit > 0 else { return 0 }
    let callers = Set(fleet.calls(to: id).map(\.caller)).subtracting([id])
    return callers.map { depth($0, limit: limit - 1) + 1 }.max() ?? 0
  }
}
