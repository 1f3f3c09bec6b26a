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
    let named = Set(fleet.workloads.compactMap(\.pod.nodeName) + fleet.nodes.map(\.name)).sorted()
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
    for (index, workload) in fleet.workloads.enumerated() where runs(index) {
      if let machine = workload.pod.nodeName.flatMap({ machines.byName[$0] }) {
        draft.connect(machine, pods[index], reason: holds)
        continue
      }
      let share = machineCount == 0 ? 0.5 : Double(workload.replicas) / Double(machineCount)
      let probability = workload.id.kind == "DaemonSet" ? 1 : min(1, share)
      draft.connect(floating, pods[index], reason: holds, probability: probability)
    }
  }

  /// The machine below a workload.
  func machine(_ index: Int) -> Int32 {
    fleet.workloads[index].pod.nodeName.flatMap { machines.byName[$0] } ?? machines.any
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
    var judged: [PodLikeness: [Int]] = [:]
    var findings: [[OpenVector]] = []
    for index in pods.indices where runs(index) {
      let likeness = PodLikeness(fleet.workloads[index])
      let twin = likeness.flatMap { key in
        judged[key]?.first { PodLikeness.alike(fleet.workloads[$0], fleet.workloads[index]) }
      }
      findings.append(contentsOf: repeatElement([], count: index + 1 - findings.count))
      findings[index] = twin.map { findings[$0] } ?? open(index, rules)
      if twin == nil, let likeness { judged[likeness, default: []].append(index) }
      for finding in findings[index] { connect(index, finding) }
    }
  }

  struct PodRule {
    var vector: Vector
    var effect: VectorEffect
    var probability: Double
    var assess: @Sendable (EffectivePod, AuditContext) -> Assessment
  }

  struct OpenVector {
    var rule: PodRule
    var evidence: Evidence
    /// The hardening step closes it; otherwise its own fix must.
    var closedByHardening: Bool
  }

  private func open(_ index: Int, _ rules: [PodRule]) -> [OpenVector] {
    var hardened: EffectivePod?
    var found: [OpenVector] = []
    for rule in rules {
      var evidence: [Evidence] = []
      switch rule.assess(effective[index], context) {
      case .closed: continue
      case .open(let pieces): evidence = pieces
      case .unknown(let because):
        guard options.countsUnknown else { continue }
        evidence = [Evidence(message: "unknown, because \(because)", fix: "")]
      }
      let pod = hardened ?? hardenedPod(index)
      hardened = pod
      let closes = rule.assess(pod, context) == .closed
      found += evidence.map { OpenVector(rule: rule, evidence: $0, closedByHardening: closes) }
    }
    return found
  }

  func hardenedPod(_ index: Int) -> EffectivePod {
    var workload = fleet.workloads[index]
    workload.pod = Hardening.apply(to: workload.pod).pod
    return context.effectivePod(workload)
  }

  private mutating func connect(_ index: Int, _ finding: OpenVector) {
    let id = fleet.workloads[index].id
    let code = finding.rule.vector.code
    let mitigation: [Mitigation]
    if code == "K14" {
      mitigation = [Mitigation(.isolate, id)]
    } else {
      mitigation = [Mitigation(finding.closedByHardening ? .harden : .fix(code: code), id)]
    }
    let reason = BreachReason(finding.rule.effect == .entry ? .entry : .breakout, code, finding.evidence.message)
    switch finding.rule.effect {
    case .entry:
      guard let outside = draft.outside, reach.admitsOutside(index) else { return }
      draft.connect(outside, pods[index], reason, probability: 0.3 * chance(index), removedBy: mitigation)
    case .machine(let factor):
      draft.connect(
        container(index, finding.evidence.container), machine(index), reason,
        probability: finding.rule.probability * factor, removedBy: mitigation)
    case .nothing: break
    }
  }

  /// The container's own node where the pod has several; the pod's otherwise.
  private mutating func container(_ index: Int, _ name: String?) -> Int32 {
    guard let name, effective[index].members.count > 1 else { return pods[index] }
    let key = "container \(index) \(name)"
    if let known = hubs[key] { return known }
    let node = draft.add(BreachNode(.container, fleet.workloads[index].id, part: name))
    hubs[key] = node
    draft.connect(pods[index], node, BreachReason(.member, "", "is one of the pod's containers"))
    return node
  }
}

/// Pods of one owner with the same labels, which may be alike.
struct PodLikeness: Hashable {
  private var namespace: String
  private var owner: ObjectReference
  private var labels: [String: String]

  init?(_ workload: Workload) {
    guard let owner = workload.firstOwner else { return nil }
    namespace = workload.id.namespace
    self.owner = owner
    labels = workload.podLabels
  }

  /// Equal but for names and for where they are written.
  static func alike(_ left: Workload, _ right: Workload) -> Bool {
    left.podAnnotations == right.podAnnotations && bare(left.pod) == bare(right.pod)
  }

  private static func bare(_ pod: PodSpec) -> PodSpec {
    var pod = pod
    pod.nodeName = nil
    pod.hostname = nil
    let nowhere = SourceLocation(file: "", line: 0)
    func strip(_ containers: inout [Container]) {
      for index in containers.indices {
        containers[index].location = nowhere
        for variable in containers[index].environment.indices {
          containers[index].environment[variable].location = nowhere
        }
      }
    }
    strip(&pod.containers)
    strip(&pod.initContainers)
    strip(&pod.ephemeralContainers)
    return pod
  }
}
