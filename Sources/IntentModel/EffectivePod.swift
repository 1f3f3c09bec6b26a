package import FleetModel

/// A workload's pod as it would run: defaults applied, namespace and service account joined, mesh injection decided.
package struct EffectivePod: Sendable {
  package enum Role: Sendable, Equatable {
    case initial, sidecar, application, ephemeral
  }

  /// A container as written beside what it runs with.
  package struct Member: Sendable {
    package var container: Container
    package var role: Role
    package var effective: EffectiveContainer
    /// Privilege escalation is possible unless written otherwise.
    package var mayEscalate: Bool
    /// The mesh's own init container or proxy, by name and image together: its NET_ADMIN is legitimate.
    package var belongsToMesh: Bool
  }

  package var workload: Workload
  package var members: [Member]
  package var namespaceLabels: [String: String]
  package var namespaceAnnotations: [String: String]
  package var membership: MeshMembership
  package var account: ServiceAccount?
  /// The API server's token is in the pod: neither pod nor service account says no, or a volume projects one.
  package var tokenMounted: Bool

  package var pod: PodSpec { workload.pod }

  /// - Parameter mesh: what the meshes' installations say about injection.
  package init(
    _ workload: Workload, namespace: Namespace?, account: ServiceAccount?, mesh: MeshSettings = MeshSettings()
  ) {
    self.workload = workload
    self.account = account
    namespaceLabels = namespace?.labels ?? [:]
    namespaceAnnotations = namespace?.annotations ?? [:]
    let pod = workload.pod
    members =
      pod.initContainers.map { Self.member($0, $0.restartPolicy == "Always" ? .sidecar : .initial, pod) }
      + pod.containers.map { Self.member($0, .application, pod) }
      + pod.ephemeralContainers.map { Self.member($0, .ephemeral, pod) }
    membership = MeshMembership(
      workload, namespaceLabels: namespaceLabels, namespaceAnnotations: namespaceAnnotations, settings: mesh)
    let automatic = pod.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true
    let projected = pod.volumes.contains { volume in
      if case .projected(let projection) = volume.source { return projection.tokens.contains { $0.audience.isEmpty } }
      return false
    }
    tokenMounted = automatic || projected
  }

  private static func member(_ container: Container, _ role: Role, _ pod: PodSpec) -> Member {
    let effective = EffectiveContainer(unchecked: container, in: pod)
    return Member(
      container: container, role: role, effective: effective, mayEscalate: !effective.noNewPrivileges,
      belongsToMesh: isMesh(container, role))
  }

  private static func isMesh(_ container: Container, _ role: Role) -> Bool {
    let image: String
    switch container.name {
    case "istio-init", "istio-validation", "istio-proxy": image = "proxyv2"
    case "linkerd-init", "linkerd-network-validator": image = "proxy-init"
    case "linkerd-proxy": image = "proxy"
    case "consul-connect-inject-init": image = "consul-k8s-control-plane"
    case "consul-dataplane": image = "consul-dataplane"
    default: return false
    }
    return container.image.split(separator: "/").last.map { $0.prefix { $0 != ":" && $0 != "@" } == image } ?? false
  }
}
