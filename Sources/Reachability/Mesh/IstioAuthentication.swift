import FleetModel
import IntentModel

/// Istio's PeerAuthentication: whether a port takes plaintext, mutual TLS or both. The narrowest one counts: a port of
/// a workload, the workload, the namespace, the mesh; PERMISSIVE where nothing says otherwise (istio.io,
/// PeerAuthentication).
struct IstioAuthentication {
  typealias Layer = ReachExplanation.Layer
  typealias Reason = ReachExplanation.Reason
  private let mesh: MeshLayer

  init(_ mesh: MeshLayer) { self.mesh = mesh }

  struct Mode {
    var name: String
    var reason: Reason
  }

  func layer(_ call: MeshCall) -> (layer: Layer, isAuthenticated: Bool) {
    let title = "mesh, mutual TLS (Istio)"
    let mode = mode(of: call.workload, port: call.port)
    let isAmbient = mesh.memberships[call.target].mesh == .istioAmbient
    switch (mode.name, call.identity != nil) {
    case ("STRICT", false):
      let why = Reason("\(call.name) is not in the mesh and has no certificate to show")
      return (
        Layer(
          title, .refused, [mode.reason, why],
          cure: "take \(call.name) into the mesh, or let port \(call.port) be PERMISSIVE by portLevelMtls until it is"),
        false
      )
    case ("DISABLE", _) where !isAmbient:
      return (Layer(title, .allowed, [mode.reason, Reason("plaintext: no caller has an identity here")]), false)
    case (_, true):
      return (Layer(title, .allowed, [mode.reason, Reason("mutual TLS as \(identity(call))")]), true)
    default:
      return (Layer(title, .allowed, [mode.reason, Reason("plaintext: \(call.name) has no identity")]), false)
    }
  }

  private func identity(_ call: MeshCall) -> String {
    call.identity.map { "spiffe://\(mesh.options.trustDomain)/ns/\($0.namespace)/sa/\($0.account)" } ?? "nobody"
  }

  func mode(of workload: Workload, port: Int) -> Mode {
    let all = mesh.objects("security.istio.io", "PeerAuthentication")
    let own = all.filter { $0.id.namespace == workload.id.namespace }
    func mode(_ value: DocumentValue?) -> String? {
      guard let name = value?["mode"]?.string, name != "UNSET" else { return nil }
      return name
    }
    func result(_ name: String, _ object: CustomObject, _ scope: String) -> Mode {
      Mode(name: name, reason: Reason("\(name) by PeerAuthentication of the \(scope)", object.id, object.location))
    }
    let selecting = own.filter { object in
      object.spec["selector"].map {
        !$0.labelSelector.requirements.isEmpty && $0.labelSelector.matches(workload.podLabels)
      }
        ?? false
    }
    if let first = selecting.first {
      if let name = mode(first.spec["portLevelMtls"]?["\(port)"]) { return result(name, first, "port") }
      if let name = mode(first.spec["mtls"]) { return result(name, first, "workload") }
    }
    func wide(_ objects: [CustomObject]) -> CustomObject? {
      objects.first { $0.spec["selector"]?.labelSelector.requirements.isEmpty ?? true }
    }
    if let object = wide(own), let name = mode(object.spec["mtls"]) {
      return result(name, object, workload.id.namespace == mesh.options.istioRootNamespace ? "mesh" : "namespace")
    }
    if let object = wide(all.filter { $0.id.namespace == mesh.options.istioRootNamespace }),
      let name = mode(object.spec["mtls"])
    {
      return result(name, object, "mesh")
    }
    return Mode(name: "PERMISSIVE", reason: Reason("PERMISSIVE, because no PeerAuthentication says otherwise"))
  }
}
