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

  /// Open vectors become edges. Alike pods (replicas read from a cluster) are judged once.
  mutating func addBreakouts() {
    let rules = vectors.compactMap { vector -> PodRule? in
      guard case .pod(let assess) = vector.rule else { return nil }
      let effect = VectorEffect.of(vector.code)
      let weight = VectorEffect.probability(vector.severity)
      // What needs more than the configuration (an unpatched kernel, a second flaw) is rated lower than high.
      guard effect != .nothing, weight >= VectorEffect.probability(.high) else { return nil }
      return PodRule(vector: vector, effect: effect, probability: weight, assess: assess)
    }
    var found = [[OpenVector]?](repeating: nil, count: models.count)
    for index in pods.indices where runs(index) {
      let model = models.modelOf[index]
      let open = found[model] ?? self.open(model, rules)
      found[model] = open
      for finding in open { connect(index, finding) }
    }
  }

  struct PodRule {
    var vector: Vector
    var effect: VectorEffect
    var probability: Double
    var assess: @Sendable (EffectivePod, AuditContext) -> Assessment
  }

  struct OpenVector {
    var effect: VectorEffect
    var probability: Double
    var container: String?
    /// In the draft.
    var reason: Int32
    var removedBy: Mitigation.Action
  }

  private mutating func open(_ model: Int, _ rules: [PodRule]) -> [OpenVector] {
    var found: [OpenVector] = []
    for rule in rules {
      var evidence: [Evidence] = []
      switch rule.assess(models[model], context) {
      case .closed: continue
      case .open(let pieces): evidence = pieces
      case .unknown(let because):
        guard options.countsUnknown else { continue }
        evidence = [Evidence(message: "unknown, because \(because)", fix: "")]
      }
      // Hardening closes it; otherwise its own fix must, and for the cloud's credentials a network policy.
      let code = rule.vector.code
      let closes = rule.assess(models.hardened(model, context), context) == .closed
      let action: Mitigation.Action = code == "K14" ? .isolate : closes ? .harden : .fix(code: code)
      for piece in evidence {
        let reason = draft.reason(
          BreachReason(rule.effect == .entry ? .entry : .breakout, code, piece.message))
        found.append(
          OpenVector(
            effect: rule.effect, probability: rule.probability, container: piece.container, reason: reason,
            removedBy: action))
      }
    }
    return found
  }

  private mutating func connect(_ index: Int, _ finding: OpenVector) {
    let mitigation = [Mitigation(finding.removedBy, workloads[index].id)]
    switch finding.effect {
    case .entry:
      guard let outside = draft.outside, reach.admitsOutside(index) else { return }
      draft.connect(
        outside, pods[index], reason: finding.reason, probability: 0.3 * chance(index), removedBy: mitigation)
    case .machine(let factor):
      draft.connect(
        container(index, finding.container), machine(index), reason: finding.reason,
        probability: finding.probability * factor, removedBy: mitigation)
    case .nothing: break
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
