package import FleetModel
package import IntentModel

/// Which meshes a fleet has, and who is in them, prepared once for all mesh vectors.
package struct MeshFacts: Sendable {
  /// A workload that a mesh takes in, or that asks for one in vain.
  package struct Member: Sendable {
    package var workload: Workload
    package var membership: MeshMembership
  }
  package let settings: MeshSettings
  /// In the fleet's order.
  package let members: [Member]
  /// Meshes that a workload asks for, or of which objects or the control plane are in the input.
  package let inUse: Set<Mesh>

  package init(_ fleet: Fleet, namespaces: [String: Namespace]) {
    let settings = MeshSettings(fleet)
    self.settings = settings
    members = fleet.workloads.compactMap { workload in
      let namespace = namespaces[workload.id.namespace]
      let membership = MeshMembership(
        workload, namespaceLabels: namespace?.labels ?? [:], namespaceAnnotations: namespace?.annotations ?? [:],
        settings: settings)
      return membership.askedMesh == nil ? nil : Member(workload: workload, membership: membership)
    }
    var inUse = Set(members.compactMap(\.membership.askedMesh))
    for object in fleet.customObjects { inUse.formUnion(Self.mesh(of: object)) }
    for workload in fleet.workloads {
      if let mesh = Self.controlPlanes.first(where: { workload.id.name.hasPrefix($0.prefix) })?.mesh {
        inUse.insert(mesh)
      }
    }
    if settings.istioMeshConfig != nil { inUse.insert(.istioSidecar) }
    self.inUse = inUse
  }

  private static let controlPlanes: [(prefix: String, mesh: Mesh)] = [
    ("istiod", .istioSidecar), ("ztunnel", .istioAmbient), ("linkerd-destination", .linkerd),
    ("linkerd-proxy-injector", .linkerd), ("consul-connect-injector", .consul), ("consul-server", .consul),
  ]

  private static func mesh(of object: CustomObject) -> Set<Mesh> {
    if object.apiGroup.hasSuffix("istio.io") { return [.istioSidecar] }
    if object.apiGroup == "policy.linkerd.io" || object.apiGroup == "linkerd.io" { return [.linkerd] }
    if object.apiGroup == "consul.hashicorp.com" { return [.consul] }
    let isWaypoint = object.id.kind == "Gateway" && object.spec["gatewayClassName"]?.string == "istio-waypoint"
    return isWaypoint ? [.istioAmbient] : []
  }

  package var isEmpty: Bool { inUse.isEmpty }
  package var hasIstio: Bool { inUse.contains(.istioSidecar) || inUse.contains(.istioAmbient) }

  /// Those that run in one of the meshes.
  package func members(of meshes: Set<Mesh>) -> [Member] {
    members.filter { member in
      guard let mesh = member.membership.mesh else { return false }
      return meshes.contains(mesh)
    }
  }

  /// The same by namespace, sorted by its name.
  package func membersByNamespace(of meshes: Set<Mesh>) -> [(namespace: String, members: [Member])] {
    Dictionary(grouping: members(of: meshes)) { $0.workload.id.namespace }.sorted { $0.key < $1.key }
      .map { (namespace: $0.key, members: $0.value) }
  }
}
