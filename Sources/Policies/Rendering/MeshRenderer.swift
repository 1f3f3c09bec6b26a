import FleetModel

/// Writes what workloads need in the objects of one mesh.
protocol MeshRenderer {
  /// The objects for one workload, in the order in which they should be applied.
  func objects(for need: WorkloadPolicy) -> [ManifestObject]
  /// Those that belong to no single workload.
  func common(_ needs: [WorkloadPolicy]) -> [ManifestObject]
}

/// What every renderer looks up.
struct RenderContext {
  let target: PolicyTarget
  let options: PolicyOptions
  let accounts: [ObjectReference: String]
  let fleet: Fleet

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
