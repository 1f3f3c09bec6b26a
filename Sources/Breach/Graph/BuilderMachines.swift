import Diagnostics
import FleetModel
import IntentModel

/// The nodes of the cluster, known by name or not.
struct MachineNodes {
  var byName: [String: Int32] = [:]
  /// Where a pod runs whose place is not known.
  var any: Int32 = -1
  var controlPlane: Int32 = -1
}

extension BreachGraphBuilder {
  /// Machines hold the pods that run on them (K20). A pod of unknown place may run on any machine but those of the
  /// control plane.
  mutating func addMachines() {
    var names = Set(fleet.nodes.map(\.name))
    for index in workloads.indices { if let name = workloads[index].pod.nodeName { names.insert(name) } }
    let named = names.sorted()
    machines.controlPlane = draft.add(
      BreachNode(
        .controlPlane, ObjectReference(kind: "ControlPlane", namespace: "", name: ""), value: Self.controlPlaneValue))
    machines.any = draft.add(
      BreachNode(
        .node, ObjectReference(kind: "Node", namespace: "", name: ""), value: named.isEmpty ? Self.machineValue : 0))
    let floating = hub("pods of unknown place")
    let mayBe = draft.reason(BreachReason(.sameNode, "", "the pod's place is not known and may be this node"))
    let masters = Set(
      fleet.nodes.filter { node in
        ["control-plane", "master"].contains { node.labels["node-role.kubernetes.io/\($0)"] != nil }
      }.map(\.name))
    for name in named {
      let id = ObjectReference(kind: "Node", namespace: "", name: name)
      let node = draft.add(BreachNode(.node, id, value: Self.machineValue))
      machines.byName[name] = node
      if masters.contains(name) {
        draft.connect(
          node, machines.controlPlane, BreachReason(.breakout, "K13", "it runs the control plane"), probability: 0.9)
      } else {
        draft.connect(machines.any, node, reason: mayBe, probability: 1 / Double(max(1, named.count - masters.count)))
      }
      draft.connect(node, floating, reason: draft.reason(BreachReason(.sameNode, "", "")))
    }
    draft.connect(machines.any, floating, reason: draft.reason(BreachReason(.sameNode, "", "")))
    addResidents(floating, machineCount: max(named.count - masters.count, 0))
  }

  private mutating func addResidents(_ floating: Int32, machineCount: Int) {
    let holds = draft.reason(BreachReason(.sameNode, "K20", "whoever holds a node holds the pods on it"))
    for index in pods.indices where runs(index) {
      if let machine = workloads[index].pod.nodeName.flatMap({ machines.byName[$0] }) {
        draft.connect(machine, pods[index], reason: holds)
        continue
      }
      let share = machineCount == 0 ? 0.5 : Double(workloads[index].replicas) / Double(machineCount)
      let probability = workloads[index].id.kind == "DaemonSet" ? 1 : min(1, share)
      draft.connect(floating, pods[index], reason: holds, probability: probability)
    }
  }

  /// The machine below a workload.
  func machine(_ index: Int) -> Int32 {
    workloads[index].pod.nodeName.flatMap { machines.byName[$0] } ?? machines.any
  }

  /// Open vectors become edges.
  mutating func addBreakouts() {
    var reasons = [[Int32]?](repeating: nil, count: models.count)
    for index in pods.indices where runs(index) {
      let model = models.modelOf[index]
      let own = reasons[model] ?? models.open[model].map { draft.reason($0.reason) }
      reasons[model] = own
      for (finding, reason) in zip(models.open[model], own) { connect(index, finding, reason) }
    }
  }

  private mutating func connect(_ index: Int, _ finding: OpenVector, _ reason: Int32) {
    let from: Int32
    let to: Int32
    let probability: Double
    switch finding.effect {
    case .entry:
      guard let outside = draft.outside, reach.admitsOutside(index) else { return }
      (from, to, probability) = (outside, pods[index], 0.3 * chance(index))
    case .machine(let factor):
      (from, to) = (container(index, finding.container), machine(index))
      probability = finding.probability * factor
    case .nothing: return
    }
    switch finding.removedBy {
    case .harden:
      draft.connect(from, to, reason: reason, probability: probability, set: steps.hardenSet(index, &draft))
    case .isolate:
      draft.connect(from, to, reason: reason, probability: probability, set: steps.isolateSet(index, &draft))
    default:
      draft.connect(
        from, to, reason: reason, probability: probability,
        removedBy: [Mitigation(finding.removedBy, workloads[index].id)])
    }
  }

  /// The container's own node where the pod has several; the pod's otherwise.
  private mutating func container(_ index: Int, _ name: String?) -> Int32 {
    guard let name, models.facts(of: index).containers > 1 else { return pods[index] }
    let key = "container \(index) \(name)"
    if let known = hubs[key] { return known }
    let node = draft.add(BreachNode(.container, workloads[index].id, part: name))
    hubs[key] = node
    draft.connect(pods[index], node, BreachReason(.member, "", "is one of the pod's containers"))
    return node
  }
}
