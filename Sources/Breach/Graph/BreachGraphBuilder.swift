package import FleetModel
import IntentModel
import Reachability

/// Builds the breach graph of a fleet: vectors, network, rights, identities, volumes and machines become edges.
///
/// What reaches many goes through hubs, so that the graph stays linear in the fleet. A vector that the input cannot
/// decide gives no edge unless `countsUnknown`.
package struct BreachGraphBuilder {
  package struct Options: Sendable {
    /// Crown jewels besides those with the label: `namespace/name`, optionally with `[Kind]`.
    package var jewels: [String] = []
    /// The chance that a workload falls once it is attacked, where there is evidence; 0…1.
    package var chance: [ObjectReference: Double] = [:]
    package var countsUnknown = false
    package init() {}
  }

  /// The label, or annotation, that marks a crown jewel; a number as its value is what it is worth.
  package static let jewelLabel = "bulkhead.dev/jewel"
  /// Values in ordinary pods, and chances without evidence. docs/paths.md lists them.
  static let machineValue = 10.0
  static let controlPlaneValue = 100.0
  static let jewelValue = 100.0
  static let defaultChance = 0.1
  /// That somebody tries a token, a shared folder or a known call and gets what it gives.
  static let tokenProbability = 0.9
  static let sharingProbability = 0.5

  let context: AuditContext
  let vectors: [Vector]
  let reach: any NetworkReach
  let options: Options
  let mesh: MeshLayer
  var draft = BreachGraphDraft()
  var pods: [Int32] = []
  var effective: [EffectivePod] = []
  var position: [ObjectReference: Int] = [:]
  var machines = MachineNodes()
  var accounts: [ObjectReference: Int32] = [:]
  var hubs: [String: Int32] = [:]
  var secrets: [ObjectReference: Int32] = [:]
  var facing: [Bool] = []
  let services: [ObjectReference: Service]

  var fleet: Fleet { context.fleet }

  package init(
    _ context: AuditContext, vectors: [Vector] = VectorCatalogue.all, reach: (any NetworkReach)? = nil,
    options: Options = Options()
  ) {
    self.context = context
    self.vectors = vectors
    self.reach = reach ?? PolicyNetwork(context.fleet)
    services = Dictionary(context.fleet.services.map { ($0.id, $0) }) { first, _ in first }
    self.options = options
    mesh = MeshLayer(context.fleet)
  }

  /// - Throws: `BulkheadError(.usage)` where a jewel that was named is not in the input.
  package consuming func build() throws -> BreachGraph {
    addPods()
    addMachines()
    addEntries()
    addNetwork()
    addBreakouts()
    addAccounts()
    addIdentities()
    addVolumes()
    try addJewels()
    return draft.graph()
  }

  private mutating func addPods() {
    draft.outside = draft.add(BreachNode(.outside, ObjectReference(kind: "Outside", namespace: "", name: "")))
    for (index, workload) in fleet.workloads.enumerated() {
      let perNode = workload.id.kind == "DaemonSet"
      let count = max(0, perNode ? max(1, fleet.nodes.count) : workload.replicas)
      let chance = options.chance[workload.id].map { $0.isFinite ? min(max($0, 0), 1) : 1 } ?? Self.defaultChance
      pods.append(
        draft.add(BreachNode(.pod, workload.id, pods: count, value: count > 0 ? 1 : 0, chance: chance)))
      position[workload.id] = index
      effective.append(context.effectivePod(workload))
    }
    draft.workloads = pods
  }

  /// The chance that a workload falls once it can be spoken to.
  func chance(_ index: Int) -> Double { draft.node(pods[index]).chance }

  func runs(_ index: Int) -> Bool { draft.node(pods[index]).pods > 0 }

  mutating func hub(_ name: String) -> Int32 {
    if let known = hubs[name] { return known }
    let id = draft.add(BreachNode(.hub, ObjectReference(kind: "Hub", namespace: "", name: name)))
    hubs[name] = id
    return id
  }
}
