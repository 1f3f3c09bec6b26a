package import IntentModel

/// What policies are written for.
package enum PolicyTarget: String, Sendable, Codable, CaseIterable {
  case istioSidecar, istioAmbient, linkerd, consul, envoy, networkPolicy

  /// Nil for network policies alone.
  package var mesh: Mesh? {
    switch self {
    case .istioSidecar: .istioSidecar
    case .istioAmbient: .istioAmbient
    case .linkerd: .linkerd
    case .consul: .consul
    case .envoy: .envoy
    case .networkPolicy: nil
    }
  }

  package var title: String { mesh?.title ?? "Kubernetes NetworkPolicy alone" }

  /// The port on which traffic of the mesh arrives instead of the port that is called: ztunnel's HBONE, Linkerd's
  /// inbound proxy (linkerd.io, "Network Policy"), the public listener of Consul's proxies. Nil where it arrives on
  /// the port that is called.
  package var tunnelPort: Int? {
    switch self {
    case .istioAmbient: 15008
    case .linkerd: 4143
    case .consul: 20000
    case .istioSidecar, .envoy, .networkPolicy: nil
    }
  }

  /// What a pod's proxy must reach to get its configuration and certificates. An ambient pod's is on the node.
  package var controlPlane: [ControlPlanePort] {
    switch self {
    case .istioSidecar:
      [ControlPlanePort(namespace: "istio-system", labels: [("app", "istiod")], ports: [15012], what: "istiod")]
    case .linkerd:
      [
        ControlPlanePort(
          namespace: "linkerd", labels: [("linkerd.io/control-plane-component", "identity")], ports: [8080],
          what: "Linkerd's identity service"),
        ControlPlanePort(
          namespace: "linkerd", labels: [("linkerd.io/control-plane-component", "destination")], ports: [8086, 8090],
          what: "Linkerd's destination and policy services"),
      ]
    case .consul:
      [
        ControlPlanePort(
          namespace: "consul", labels: [("component", "server")], ports: [8502], what: "the Consul servers")
      ]
    case .istioAmbient, .envoy, .networkPolicy: []
    }
  }

  /// The proxy's own port for metrics: Istio's merged ones, Linkerd's admin port, Consul's merged ones.
  package var metricsPort: Int? {
    switch self {
    case .istioSidecar: 15020
    case .linkerd: 4191
    case .consul: 20200
    case .istioAmbient, .envoy, .networkPolicy: nil
    }
  }
}

package struct ControlPlanePort: Sendable {
  package var namespace: String
  package var labels: [(key: String, value: String)]
  package var ports: [Int]
  package var what: String
}
