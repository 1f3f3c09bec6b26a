import FleetModel
import IntentModel

/// Writes what workloads need in the objects of one mesh.
protocol MeshRenderer {
  /// The objects for one workload, in the order in which they should be applied.
  func objects(for need: WorkloadPolicy) -> [ManifestObject]
  /// Those that belong to no single workload.
  func common(_ needs: [WorkloadPolicy]) -> [ManifestObject]
  /// Those for one workload on its way into the mesh. Where the mesh can name pods they are named by their posture,
  /// and so are the objects: those of two postures stand side by side.
  func objects(for need: WorkloadPolicy, in posture: Posture) -> [ManifestObject]
}

/// What every renderer looks up.
struct RenderContext: Sendable {
  let target: PolicyTarget
  let options: PolicyOptions
  let accounts: [ObjectReference: String]
  let fleet: Fleet

  /// Nil where there is no mesh, or none that takes objects.
  var renderer: (any MeshRenderer)? {
    switch target {
    case .istioSidecar, .istioAmbient: IstioRenderer(context: self)
    case .linkerd: LinkerdRenderer(context: self)
    case .consul: ConsulRenderer(context: self)
    case .envoy, .networkPolicy: nil
    }
  }

  func account(_ id: ObjectReference) -> String { accounts[id] ?? "default" }

  /// Kubernetes objects that say when an exception ends and who answers for it.
  var exceptionNotes: [String: String] {
    var notes: [String: String] = [:]
    if let end = options.exceptionsEnd { notes["bulkhead.dev/exception-ends"] = end }
    if let owner = options.exceptionOwner { notes["bulkhead.dev/exception-owner"] = owner }
    return notes
  }

  static func callers(_ need: WorkloadPolicy) -> String {
    let names = Set(need.inbound.flatMap(\.callers)).sorted().map(\.name)
    let entrances = Set(need.inbound.flatMap(\.entrances).map(\.what)).sorted()
    let all = names + entrances
    guard !all.isEmpty else { return "nobody calls it" }
    let more = all.count > 4 ? " and \(all.count - 4) more" : ""
    return "called by " + all.prefix(4).joined(separator: ", ") + more
  }
}
