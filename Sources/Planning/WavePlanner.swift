package import FleetModel
import IntentModel

/// The first planner: waves from the call graph, callers first.
///
/// Workloads are cut into groups of at most `capacity` in caller-first order (a cycle stays together). Wave k enrols
/// group k (harden, enrol, authorise in shadow) and locks group k−1 (authorise, require mutual TLS, isolate), whose
/// callers all have an identity by then. The last wave only locks.
package struct WavePlanner: Sendable {
  package var capacity: Int

  /// - Parameter capacity: the most workloads enrolled in one wave; nil lets small fleets finish in about four waves.
  package init(capacity: Int? = nil, fleet: Fleet) {
    self.capacity = max(1, capacity ?? max(2, (fleet.workloads.count + 2) / 3))
  }

  package func plan(_ fleet: Fleet) -> Plan {
    let derivation = IntentDerivation(fleet: fleet)
    let groups = cut(CallLayers(fleet: fleet).groups)
    var refusals: [Refusal] = []
    var waves: [Wave] = []
    for index in 0..<(groups.isEmpty ? 0 : groups.count + 1) {
      let entering = index < groups.count ? groups[index] : []
      let locking = index > 0 ? groups[index - 1] : []
      var steps: [Step] = []
      for id in entering {
        steps += self.steps([.harden, .enrol, .authoriseInShadow], id, from: .untouched, wave: index)
      }
      for id in locking {
        let (actions, refused) = lockActions(id, fleet: fleet, derivation: derivation)
        refusals += refused
        let enrolled = Posture(hardened: true, mutualTLS: .permissive, authorisation: .shadow)
        steps += self.steps(actions, id, from: enrolled, wave: index)
      }
      waves.append(
        Wave(index: index, name: name(index, entering, locking), workloads: (entering + locking).sorted(), steps: steps)
      )
    }
    return Plan(mesh: "envoy", fleetDigest: FleetDigest.of(fleet), waves: waves, refusals: refusals.sorted(by: order))
  }

  private func order(_ left: Refusal, _ right: Refusal) -> Bool {
    (left.workload, left.action.rawValue) < (right.workload, right.action.rawValue)
  }

  private func name(_ index: Int, _ entering: [ObjectReference], _ locking: [ObjectReference]) -> String {
    switch (entering.isEmpty, locking.isEmpty) {
    case (false, true): "wave-\(index + 1): enrol \(entering.count)"
    case (false, false): "wave-\(index + 1): enrol \(entering.count), lock \(locking.count)"
    default: "wave-\(index + 1): lock \(locking.count)"
    }
  }

  private func steps(_ actions: [StepAction], _ id: ObjectReference, from start: Posture, wave: Int) -> [Step] {
    var posture = start
    return actions.map { action in
      let next = action.applied(to: posture)
      defer { posture = next }
      return Step(workload: id, action: action, before: posture, after: next, wave: wave)
    }
  }

  /// Strict mutual TLS is refused while a legitimate client can have no identity: callers outside the fleet.
  private func lockActions(
    _ id: ObjectReference, fleet: Fleet, derivation: IntentDerivation
  ) -> ([StepAction], [Refusal]) {
    guard let workload = fleet.workload(id), derivation.servesOutside(workload) else {
      return ([.authorise, .requireMutualTLS, .isolate], [])
    }
    let refusal = Refusal(
      workload: id, action: .requireMutualTLS,
      reason: "callers outside the fleet reach it in plaintext and can have no identity; put a gateway in front of it")
    return ([.authorise, .isolate], [refusal])
  }

  private func cut(_ layers: [[ObjectReference]]) -> [[ObjectReference]] {
    var groups: [[ObjectReference]] = []
    for members in layers {
      if let last = groups.last, last.count + members.count <= capacity {
        groups[groups.count - 1] += members
      } else {
        groups.append(members)
      }
    }
    return groups
  }
}
