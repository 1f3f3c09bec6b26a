import FleetModel
import IntentModel

/// What could be tried in one wave: each kind of trial with the workload or the call that shows most.
struct TriedWave {
  private let fleet: Fleet
  private let touched: Set<ObjectReference>
  private let postures: [ObjectReference: Posture]
  /// Those whose pods may be disturbed: users would notice, and they play none themselves.
  private let disturbable: [ObjectReference]

  init(
    fleet: Fleet, workloads: [ObjectReference], postures: [ObjectReference: Posture], players: Set<ObjectReference>
  ) {
    self.fleet = fleet
    self.postures = postures
    touched = Set(workloads)
    disturbable = workloads.filter { id in
      guard !players.contains(id) else { return false }
      let isServed = fleet.workload(id).map { !fleet.services(of: $0).isEmpty } ?? false
      return isServed || !fleet.calls(to: id).isEmpty
    }
  }

  /// The workload that most others call, of those whose pods may be disturbed.
  var busiest: ObjectReference? { mostCalled(disturbable) }

  var delay: Trial? {
    // The delay acts in the server's sidecar; a cut is softened by the caller's, which retries and ejects.
    deepest { $0.wireProtocol == .http && isEnrolled(aim($0)) }.flatMap { call in
      aim(call).map { .delay(caller: call.caller, target: $0) }
    }
  }

  var partition: Trial? {
    deepest { $0.wireProtocol == .http && isEnrolled($0.caller) }.flatMap { call in
      aim(call).map { .partition(caller: call.caller, target: $0) }
    }
  }

  /// More requests where users come in: everything behind it gets them, too.
  func spike(at entries: Set<ObjectReference>) -> Trial? {
    mostCalled(disturbable.filter(entries.contains)).map { .trafficSpike($0) }
  }

  /// Only a caller's sidecar notices that one pod is slow and shuns it: all callers need one, and must speak HTTP. And
  /// a pod that does nothing has no use for more CPU: only those fit that users' requests reach.
  func cpuLimit(of used: Set<ObjectReference>) -> Trial? {
    let open = used.intersection(disturbable)
    let call = deepest { call in
      guard call.wireProtocol == .http, let target = aim(call), open.contains(target) else { return false }
      let callers = fleet.calls(to: target).map(\.caller).filter { $0 != target }
      return isEnrolled(target) && callers.allSatisfy(isEnrolled)
    }
    return call.flatMap(aim).map { .cpuLimit($0) }
  }

  /// Another pod than the one that is killed, where there is one.
  func memoryLimit(sparing killed: ObjectReference?) -> Trial? {
    let enrolled = disturbable.filter(isEnrolled)
    return (mostCalled(enrolled.filter { $0 != killed }) ?? mostCalled(enrolled)).map { .memoryLimit($0) }
  }

  // MARK: - Choosing

  private func mostCalled(_ candidates: [ObjectReference]) -> ObjectReference? {
    candidates.max { (fleet.calls(to: $0).count, $1) < (fleet.calls(to: $1).count, $0) }
  }

  private func isEnrolled(_ id: ObjectReference?) -> Bool { id.flatMap { postures[$0] }?.enrolled ?? false }

  /// Of several workloads that answer, the one that the wave changes has the users.
  private func aim(_ call: Call) -> ObjectReference? { call.targets.first(where: touched.contains) ?? call.target }

  /// Of the calls that touch the wave, the one deepest in the graph that fits: the more callers stand above it, the
  /// more a fault there can show.
  private func deepest(where fits: (Call) -> Bool) -> Call? {
    let fitting = fleet.calls.filter { call in
      guard let target = call.target, target != call.caller else { return false }
      return !touched.isDisjoint(with: call.targets + [call.caller]) && fits(call)
    }
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
