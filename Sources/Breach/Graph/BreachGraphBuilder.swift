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
  let reach: any NetworkReach
  let options: Options
  /// Nil where no question would ever be asked of it.
  let mesh: MeshLayer?
  var draft = BreachGraphDraft()
  /// The fleet's, kept at hand: asking the fleet for one workload copies the whole picture.
  let workloads: [Workload]
  /// The node of each workload.
  var pods: [Int32] = []
  let models: PodModels
  var steps = StepMitigations()
  private var chances: [Double] = []
  private var isRunning: [Bool] = []
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
    let models = PodModels(context, vectors, countsUnknown: options.countsUnknown)
    self.init(context, models, reach: reach ?? PolicyNetwork(context.fleet), options: options)
  }

  /// The graph of a fleet, its parts made side by side.
  ///
  /// - Throws: as `build`.
  package static func graph(of fleet: Fleet, options: Options = Options()) async throws -> BreachGraph {
    async let network = PolicyNetwork(fleet)
    let context = AuditContext(fleet)
    let models = PodModels(context, VectorCatalogue.all, countsUnknown: options.countsUnknown)
    // Lookups that the builder will need, made while the network is worked out.
    _ = fleet.index
    return try BreachGraphBuilder(context, models, reach: await network, options: options).build()
  }

  private init(_ context: AuditContext, _ models: PodModels, reach: any NetworkReach, options: Options) {
    self.context = context
    self.reach = reach
    self.models = models
    workloads = context.fleet.workloads
    services = Dictionary(context.fleet.services.map { ($0.id, $0) }) { first, _ in first }
    self.options = options
    mesh = models.isAnyMeshed || !context.fleet.calls.isEmpty ? MeshLayer(context.fleet) : nil
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
    let nodeCount = max(1, fleet.nodes.count)
    position.reserveCapacity(workloads.count)
    for index in workloads.indices {
      let id = workloads[index].id
      let count = max(0, id.kind == "DaemonSet" ? nodeCount : workloads[index].replicas)
      var chance = Self.defaultChance
      if !options.chance.isEmpty, let given = options.chance[id] {
        chance = given.isFinite ? min(max(given, 0), 1) : 1
      }
      pods.append(draft.add(BreachNode(.pod, id, pods: count, value: count > 0 ? 1 : 0, chance: chance)))
      chances.append(chance)
      isRunning.append(count > 0)
      steps.append(id, sameAs: position.updateValue(index, forKey: id))
    }
    draft.workloads = pods
  }

  /// The chance that a workload falls once it can be spoken to.
  func chance(_ index: Int) -> Double { chances[index] }

  func runs(_ index: Int) -> Bool { isRunning[index] }

  mutating func hub(_ name: String) -> Int32 {
    if let known = hubs[name] { return known }
    let id = draft.add(BreachNode(.hub, ObjectReference(kind: "Hub", namespace: "", name: name)))
    hubs[name] = id
    return id
  }
}
