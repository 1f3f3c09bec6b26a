import FleetModel

/// Workloads by the names that traffic has for them.
struct WorkloadNames {
  private struct Name: Hashable {
    var namespace: String
    var name: String
  }

  private let fleet: Fleet
  private let byName: [Name: [Int]]
  private let byAccount: [Name: [Int]]
  private let namespaces: [String]

  init(_ fleet: Fleet) {
    self.fleet = fleet
    var byName: [Name: [Int]] = [:]
    var byAccount: [Name: [Int]] = [:]
    for (position, workload) in fleet.workloads.enumerated() {
      byName[Name(namespace: workload.id.namespace, name: workload.id.name), default: []].append(position)
      let account = Name(namespace: workload.id.namespace, name: workload.pod.serviceAccount)
      byAccount[account, default: []].append(position)
    }
    (self.byName, self.byAccount) = (byName, byAccount)
    namespaces = Set(fleet.workloads.map(\.id.namespace)).sorted()
  }

  /// Who calls: a workload, the owner of a pod, the only holder of an account, or the only one behind a service.
  func workload(_ end: TrafficEnd, services fleet: Fleet) -> Workload? {
    if let found = target(end) { return found }
    guard let name = end.service ?? end.account else { return nil }
    let spaces = end.namespace.map { [$0] } ?? namespaces
    var positions: [Int] = []
    for space in spaces {
      if end.service != nil {
        let id = ObjectReference(kind: "Service", namespace: space, name: name)
        if let service = fleet.service(id) {
          positions += fleet.index.workloads(behind: service)
          continue
        }
        // A proxy's own name for its cluster is often the workload's.
        positions += byName[Name(namespace: space, name: name)] ?? []
      } else {
        positions += byAccount[Name(namespace: space, name: name)] ?? []
      }
    }
    return positions.count == 1 ? fleet.workloads[positions[0]] : nil
  }

  /// A workload by its own name or a pod's. Without a namespace it must be the only one.
  func target(_ end: TrafficEnd) -> Workload? {
    let spaces = end.namespace.map { [$0] } ?? namespaces
    let found = spaces.compactMap { space -> Int? in
      if let name = end.workload { return named(name, space, end.kind) }
      return end.pod.flatMap { owner(of: $0, space) }
    }
    return found.count == 1 ? fleet.workloads[found[0]] : nil
  }

  private func named(_ name: String, _ namespace: String, _ kind: String?) -> Int? {
    let positions = byName[Name(namespace: namespace, name: name)] ?? []
    if let kind, let exact = positions.first(where: { fleet.workloads[$0].id.kind == kind }) { return exact }
    // A ReplicaSet or a Job may stand for what owns it.
    if positions.isEmpty { return owner(of: name, namespace) }
    return positions.first { fleet.workloads[$0].id.kind == "Deployment" } ?? positions[0]
  }

  /// What made a pod of this name: `web-5d9c7-x2x4z` of a Deployment, `web-0`, `agent-x2x4z`, or a pod on its own.
  private func owner(of pod: String, _ namespace: String) -> Int? {
    var name = pod[...]
    for cut in 0...2 {
      let kinds: Set<String> =
        switch cut {
        case 0: ["Pod", "Deployment", "StatefulSet", "DaemonSet"]
        case 1: ["StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Deployment", "CronJob"]
        default: ["Deployment", "CronJob", "Job"]
        }
      let positions = byName[Name(namespace: namespace, name: String(name))] ?? []
      if let position = positions.first(where: { kinds.contains(fleet.workloads[$0].id.kind) }) { return position }
      guard let dash = name.lastIndex(of: "-"), dash != name.startIndex else { return nil }
      name = name[..<dash]
    }
    return nil
  }
}
