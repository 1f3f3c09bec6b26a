import FleetModel
import IntentModel

/// Which workloads are in the mesh at the moment that policies are written for, and what keeps the others out.
struct Enrolment: Sendable {
  private let obstacles: [ObjectReference: String]
  private let memberships: [ObjectReference: MeshMembership]

  /// - Parameter enrolled: nil means every workload that the mesh takes once it is asked to.
  init(_ fleet: Fleet, _ mesh: Mesh, enrolled: Set<ObjectReference>? = nil, _ options: PolicyOptions) {
    let settings = MeshSettings(fleet)
    let namespaces = Dictionary(fleet.namespaces.map { ($0.name, $0) }) { first, _ in first }
    var obstacles: [ObjectReference: String] = [:]
    var memberships: [ObjectReference: MeshMembership] = [:]
    for workload in fleet.workloads {
      let namespace = namespaces[workload.id.namespace]
      func membership(_ workload: Workload) -> MeshMembership {
        MeshMembership(
          workload, namespaceLabels: namespace?.labels ?? [:], namespaceAnnotations: namespace?.annotations ?? [:],
          settings: settings)
      }
      var patch = WorkloadPatch(workload: workload.id)
      patch.enrol(workload, in: mesh, namespace: namespace?.labels ?? [:])
      let later = membership(patch.applied(to: workload))
      memberships[workload.id] = later
      if let enrolled, !enrolled.contains(workload.id) {
        obstacles[workload.id] = "it is not in the mesh yet"
      } else {
        obstacles[workload.id] = Self.obstacle(workload, now: membership(workload), later: later, mesh, options)
      }
    }
    self.obstacles = obstacles
    self.memberships = memberships
  }

  private static func obstacle(
    _ workload: Workload, now: MeshMembership, later: MeshMembership, _ mesh: Mesh, _ options: PolicyOptions
  ) -> String? {
    if workload.pod.hostNetwork { return "it uses the node's network" }
    if options.leftAlone.contains(workload.id.namespace) {
      return "workloads of \(workload.id.namespace) are left as they are"
    }
    if let refusal = refusal(workload, mesh) { return "\(refusal) keeps it out of \(mesh.title)" }
    let istio: Set<Mesh> = [.istioSidecar, .istioAmbient]
    switch now.standing {
    case .optedOut(mesh, let by): return "\(by) keeps it out of \(mesh.title)"
    case .member(let other) where other != mesh && !(istio.contains(other) && istio.contains(mesh)):
      return "it is in \(other.title)"
    default: break
    }
    // Plain Envoy has no injector to ask.
    guard mesh != .envoy else { return nil }
    switch later.standing {
    case .member(mesh): return nil
    case .member(let other): return "it has a proxy of \(other.title)"
    case .optedOut(_, let by): return "\(by) keeps it out of \(mesh.title)"
    case .conflicting(_, let labels):
      return "whether it is in \(mesh.title) depends on the installation: \(labels)"
    case .impossible(_, let because): return because
    case .unasked: return "\(mesh.title) does not take it"
    }
  }

  /// The owner's own word, which counts even where nothing else asks for the mesh yet.
  private static func refusal(_ workload: Workload, _ mesh: Mesh) -> String? {
    let words: [(key: String, value: String, labels: Bool)] =
      switch mesh {
      case .istioSidecar:
        [("sidecar.istio.io/inject", "false", true), ("sidecar.istio.io/inject", "false", false)]
      case .istioAmbient: [("istio.io/dataplane-mode", "none", true)]
      case .linkerd: [("linkerd.io/inject", "disabled", false)]
      case .consul: [("consul.hashicorp.com/connect-inject", "false", false)]
      case .envoy: []
      }
    let found = words.first { word in
      (word.labels ? workload.podLabels : workload.podAnnotations)[word.key] == word.value
    }
    return found.map { "\($0.key)=\($0.value)" }
  }

  func obstacle(of id: ObjectReference) -> String? { obstacles[id] }

  func exclusions(of workload: Workload) -> [CaptureExclusion] { memberships[workload.id]?.exclusions ?? [] }
}
