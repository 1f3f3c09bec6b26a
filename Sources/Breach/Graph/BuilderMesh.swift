import FleetModel
import IntentModel
import Reachability

/// What the meshes refuse today.
extension BreachGraphBuilder {
  /// Decisions are asked pair by pair; a fleet with more pairs than this counts what its meshes let in as open.
  private static let mostDecisions = 250_000

  /// Workloads whose mesh refuses callers without an identity take an edge from each caller that it lets in, in place
  /// of one from everybody. Which they are, by position.
  mutating func addMeshCallers() -> [Bool] {
    var isGuarded = [Bool](repeating: false, count: pods.count)
    var guarded: [(index: Int, ports: [Int])] = []
    for index in pods.indices where runs(index) && models.facts(of: index).isMeshed && !facing[index] {
      let ports = Set(
        workloads[index].pod.containers.flatMap(\.ports).filter { $0.transport == .tcp }.map(\.port)
      ).sorted()
      guard !ports.isEmpty, ports.allSatisfy({ refuses(.unknown(namespace: ""), index, $0) }) else { continue }
      guarded.append((index, ports))
    }
    guard guarded.count * pods.count <= Self.mostDecisions else { return isGuarded }
    let admits = draft.reason(BreachReason(.network, "", "the mesh lets its identity in"))
    for (target, ports) in guarded {
      isGuarded[target] = true
      for caller in pods.indices where runs(caller) {
        let (from, to) = (reach.classes[caller], reach.classes[target])
        let isLetIn = ports.contains { port in
          reach.permits(from: from, to: to, port: port) && !refuses(.workload(caller), target, port)
        }
        guard isLetIn else { continue }
        let removedBy = [
          steps.isolate(caller, &draft), steps.authorise(target, &draft), steps.isolate(target, &draft),
        ]
        draft.connect(
          pods[caller], pods[target], reason: admits, probability: chance(target), set: draft.addSet(removedBy))
      }
    }
    return isGuarded
  }

  private func refuses(_ caller: MeshCaller, _ target: Int, _ port: Int) -> Bool {
    mesh?.decide(from: caller, to: target, port: port).verdict == .refused
  }
}
