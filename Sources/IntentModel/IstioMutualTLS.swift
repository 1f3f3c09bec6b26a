package import FleetModel

/// Which mTLS mode Istio's PeerAuthentications give a workload: its own before its namespace's before the mesh's;
/// `UNSET` passes on. Where nothing is said Istio is permissive.
package struct IstioMutualTLS: Sendable {
  package enum Mode: String, Sendable {
    case strict = "STRICT", permissive = "PERMISSIVE", disable = "DISABLE"
  }
  package struct Policy: Sendable {
    package var object: CustomObject
    /// Nil means the whole namespace.
    package var selector: LabelSelector?
    package var mode: Mode?
    /// By port of the container, sorted.
    package var ports: [(port: Int, mode: Mode)]
  }
  private let policies: [String: [Policy]]
  private let root: String

  package init(_ objects: [CustomObject], rootNamespace: String) {
    root = rootNamespace
    let read = objects.filter { $0.id.kind == "PeerAuthentication" }.map { object in
      let ports = (object.spec["portLevelMtls"]?.entries ?? []).compactMap { entry in
        guard let port = Int(entry.key), let mode = entry.value["mode"]?.string.flatMap(Mode.init) else { return nil }
        return (port: port, mode: mode)
      }.sorted { (left: (port: Int, mode: Mode), right) in left.port < right.port }
      let selector = object.spec["selector"]?.labelSelector
      return Policy(
        object: object, selector: selector.flatMap { $0.requirements.isEmpty ? nil : $0 },
        mode: object.spec["mtls"]?["mode"]?.string.flatMap(Mode.init), ports: ports)
    }
    policies = Dictionary(grouping: read) { $0.object.id.namespace }
  }

  /// The policy that speaks for the whole mesh.
  package var meshWide: Policy? { policies[root]?.first { $0.selector == nil } }

  /// The mode for a workload's ports that have none of their own, and the policy that says so; nil means that no
  /// policy says anything.
  package func mode(of workload: Workload) -> (mode: Mode, policy: Policy)? {
    let local = policies[workload.id.namespace] ?? []
    let own = local.first { $0.selector?.matches(workload.podLabels) ?? false }
    let namespace = local.first { $0.selector == nil }
    for policy in [own, namespace, meshWide].compactMap(\.self) {
      if let mode = policy.mode { return (mode, policy) }
    }
    return nil
  }

  /// The mode of one port.
  package func mode(of workload: Workload, port: Int) -> Mode? {
    let own = (policies[workload.id.namespace] ?? []).first { $0.selector?.matches(workload.podLabels) ?? false }
    return own?.ports.first { $0.port == port }?.mode ?? mode(of: workload)?.mode
  }
}
